/* A filter for the rows of the scoreboard. Without this script all rows show. */
addEventListener("DOMContentLoaded", () => {
  const rows = [...document.querySelectorAll("li[data-verdict]")];
  if (!rows.length) return;
  const asked = new URLSearchParams(location.search);
  const form = document.createElement("form");
  form.className = "ledger-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filter the claims");
  /* the paper of a row is the section that it stands in */
  const value = (row, key) => (key === "paper" ? row.closest("section").id : row.dataset[key]);
  const words = {
    identity: "an identity, evaluated",
    recomputed: "the paper's formula, evaluated",
    independent: "by another route",
  };
  const name = (value, key) =>
    key === "paper"
      ? document.querySelector(`#${value} > :is(h2, h3)`).firstChild.data
      : words[value] || value;
  const selects = [
    ["paper", "Paper"],
    ["verdict", "Verdict"],
    ["kind", "Kind or evidence"],
  ].map(([key, title]) => {
    const select = document.createElement("select");
    const values = new Set(rows.map((row) => value(row, key)).filter(Boolean));
    select.name = key;
    select.add(new Option("all", ""));
    for (const each of values) select.add(new Option(name(each, key), each));
    if (values.has(asked.get(key))) select.value = asked.get(key);
    const label = document.createElement("label");
    label.append(`${title} `, select);
    form.append(label);
    return select;
  });
  const count = document.createElement("output");
  form.append(count);
  const apply = () => {
    for (const row of rows)
      row.hidden = selects.some((s) => s.value && value(row, s.name) !== s.value);
    const shown = rows.filter((row) => !row.hidden).length;
    count.textContent = `${shown} of ${rows.length} rows`;
    /* a heading shows if a row does before the next one, a paper if any row of it does */
    let shows = {};
    for (const item of document.querySelectorAll(".ledger-rows > li")) {
      const heading = item.matches(".ledger-page");
      if (heading) item.hidden = true;
      if (heading || shows.list !== item.parentNode)
        shows = { list: item.parentNode, heading: heading && item };
      else if (!item.hidden && shows.heading) shows.heading.hidden = false;
    }
    for (const list of document.querySelectorAll(".ledger-rows"))
      list.closest("section").hidden = !list.querySelector("li[data-verdict]:not([hidden])");
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  const first = document.querySelector(".ledger-rows").closest("section");
  first.before(form);
  /* a link to a row shows it, whatever was chosen before */
  addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (row?.hidden) {
      for (const select of selects) select.value = "";
      apply();
      row.scrollIntoView();
    }
  });
  apply();
});
