/* A formula or figure that is referred to, shown at the reference: for a pointer that rests there,
   and for the keyboard. Escape hides it. */
"use strict";
{
  const REFERENCES = 'a.reference.internal[href*="#equation-"], a.reference.internal[href*="#fig-"]';
  const BAR = 60; // pixels at the top that stay covered
  const card = document.createElement("div");
  card.id = "reference-tip";
  card.className = "reference-tip";
  card.role = "tooltip";
  let link = null;
  let timer = 0;

  function content(link) {
    const id = decodeURIComponent(link.hash.slice(1));
    if (link.pathname !== location.pathname) {
      const brought = document.querySelector(`template[data-for="${id}"]`);
      if (!brought) return null;
      const formula = document.createElement("div");
      const number = document.createElement("span");
      formula.className = "math";
      number.className = "eqno";
      number.textContent = link.textContent;
      formula.append(brought.content.cloneNode(true), number);
      return formula;
    }
    const copy = document.getElementById(id)?.cloneNode(true);
    if (!copy) return null;
    for (const part of [copy, ...copy.querySelectorAll("[id]")]) part.removeAttribute("id");
    copy.querySelectorAll(".headerlink").forEach((part) => part.remove());
    return copy;
  }

  function hide() {
    clearTimeout(timer);
    link?.removeAttribute("aria-describedby");
    link = null;
    card.remove();
  }

  function show(next) {
    const shown = content(next);
    if (link === next || !shown) return;
    hide();
    link = next;
    link.setAttribute("aria-describedby", card.id);
    card.replaceChildren(shown);
    document.body.append(card);
    card.style.maxHeight = "";
    const at = link.getBoundingClientRect();
    const room = { above: at.top - BAR, below: innerHeight - at.bottom - 12 };
    const below = card.offsetHeight <= room.below || room.below >= room.above;
    card.style.maxHeight = `${below ? room.below : room.above}px`;
    const left = Math.min(at.left, document.documentElement.clientWidth - card.offsetWidth - 8);
    const top = below ? at.bottom + 4 : at.top - card.offsetHeight - 4;
    card.style.insetBlockStart = `${scrollY + top}px`;
    card.style.insetInlineStart = `${scrollX + Math.max(left, 8)}px`;
  }

  function later(action, time) {
    clearTimeout(timer);
    timer = setTimeout(action, time);
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const over = event.target.closest(REFERENCES);
    if (over) later(() => show(over), 200);
    else if (card.contains(event.target)) clearTimeout(timer);
    else if (link || timer) later(hide, 200);
  });
  document.addEventListener("focusin", (event) => {
    const over = event.target.closest(REFERENCES);
    if (over?.matches(":focus-visible")) show(over);
    else hide();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  document.addEventListener("click", hide);
}
