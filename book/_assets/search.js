/* Ranks the pages for a question: BM25 on sections and on pages, titles first. LIBRARY comes from
   search-data.js; Stemmer and stopwords from Sphinx's language_data.js. */
"use strict";
const TITLE = 6; // a word of a title counts as so many of the text
const PART = 0.4; // the best section of a page, beside the page
const ALIKE = 0.5; // a word with the same meaning
const K1 = 2.5;
const B = 0.6;
const HALF = 110; // characters of an excerpt on both sides of its middle
// pages of everything in brief have all words; an answer stands on the others
const LESS = [
  [/\/(api|glossary|scoreboard|bibliography|status|teaching)$/, 0.6],
  [/\/exercises$/, 0.75],
  [/\/index$/, 0.8],
];
const ASKING = new Set(
  `a am an and any are as at be been but by can could did do does for from get give had has have how i
  if in into is it its let may me my near no not of on or our should so some such that the their then
  there these they this to us was we what when where whether which who why will with would you your
  about much many use using work`.split(/\s+/)
);

const stemmer = new Stemmer();
const stems = new Map();
function stem(word) {
  if (!stems.has(word)) stems.set(word, stemmer.stemWord(word));
  return stems.get(word);
}
const split = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];

/* Words of a text, and neighbours as words of their own: "specific heat". */
function keysOf(words) {
  const known = words.filter((word) => !ASKING.has(word)).map(stem);
  return [...known, ...known.slice(1).map((key, i) => `${known[i]} ${key}`)];
}

/* One searchable text: stem -> weight, and its length. */
function bag(...fields) {
  const found = new Map();
  let length = 0;
  for (const [text, weight] of fields)
    for (const key of keysOf(split(text))) {
      found.set(key, (found.get(key) || 0) + weight);
      length += 1;
    }
  return { found, length };
}

function collection(bags) {
  const number = new Map();
  let total = 0;
  for (const { found, length } of bags) {
    total += length;
    for (const key of found.keys()) number.set(key, (number.get(key) || 0) + 1);
  }
  const mean = total / bags.length;
  const rarity = (key) => {
    const n = number.get(key) || 0;
    return n ? Math.log(1 + (bags.length - n + 0.5) / (n + 0.5)) : 0;
  };
  return ({ found, length }, wanted) => {
    const value = ([key, weight]) => {
      const tf = found.get(key) || 0;
      return (weight * rarity(key) * tf * (K1 + 1)) / (tf + K1 * (1 - B + (B * length) / mean));
    };
    return wanted.reduce((sum, each) => sum + Math.max(...each.map(value)), 0);
  };
}

const SAME = new Map();
for (const group of LIBRARY.same) {
  const keys = group.flatMap(split).map(stem);
  for (const key of keys) SAME.set(key, [...(SAME.get(key) || []), ...keys]);
}

/* What is looked for: for each word its stem and those of the same meaning, with weights. */
function terms(question) {
  return keysOf(split(question)).map((key) => [
    ...(SAME.get(key) || []).map((other) => [other, ALIKE]),
    [key, 1],
  ]);
}

const sectionsOf = LIBRARY.pages.map(() => []);
for (const section of LIBRARY.sections) sectionsOf[section[0]].push(section);
const parts = LIBRARY.sections.map(([, , title, text, folded]) =>
  bag([title, TITLE], [text, 1], [folded, 1])
);
const wholes = LIBRARY.pages.map(([, title, subjects], page) =>
  bag(
    [title, TITLE],
    [subjects, TITLE],
    ...sectionsOf[page].flatMap(([, , ...texts]) => texts.map((text) => [text, 1]))
  )
);
const scorePart = collection(parts);
const scoreWhole = collection(wholes);

/* Pages for a question, best first: [{page, title, sections: [[score, index], ...]}, ...] */
function find(question) {
  const wanted = terms(question);
  const pages = LIBRARY.pages.map(([page, title], index) => ({
    page,
    title,
    score: scoreWhole(wholes[index], wanted),
    sections: [],
  }));
  parts.forEach((part, index) => {
    const score = scorePart(part, wanted);
    if (score) pages[LIBRARY.sections[index][0]].sections.push([score, index]);
  });
  const hits = pages.filter((hit) => hit.sections.length);
  for (const hit of hits) {
    hit.sections.sort((a, b) => b[0] - a[0]);
    hit.score += PART * hit.sections[0][0];
    for (const [pages, factor] of LESS) if (pages.test(hit.page)) hit.score *= factor;
  }
  return hits.sort((a, b) => b.score - a.score);
}

/* The place of a text where most of the words stand together, with these words marked. */
function excerpt(text, wanted) {
  const keys = new Map(wanted.flat());
  const hits = [...text.matchAll(/[\p{L}\p{N}]+/gu)].filter((m) => keys.has(stem(m[0].toLowerCase())));
  const value = (middle) => {
    const near = hits.filter((m) => Math.abs(m.index - middle) < HALF);
    const kinds = new Set(near.map((m) => stem(m[0].toLowerCase())));
    return [...kinds].reduce((sum, key) => sum + keys.get(key), 0);
  };
  const best = hits.reduce((a, m) => (a && value(a.index) >= value(m.index) ? a : m), null);
  const middle = Math.max(best ? best.index + 40 : 0, HALF);
  let start = Math.max(0, middle - HALF);
  let end = Math.min(text.length, middle + HALF);
  if (start) start = text.indexOf(" ", start) + 1;
  if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), start);
  const paragraph = document.createElement("p");
  paragraph.className = "context";
  let here = start;
  if (start) paragraph.append("… ");
  for (const m of hits.filter((m) => m.index >= start && m.index + m[0].length <= end)) {
    const mark = document.createElement("mark");
    mark.textContent = m[0];
    paragraph.append(text.slice(here, m.index), mark);
    here = m.index + m[0].length;
  }
  paragraph.append(text.slice(here, end), end < text.length ? " …" : "");
  return paragraph;
}

function show(question) {
  const wanted = terms(question);
  const hits = find(question);
  const out = document.getElementById("search-results");
  const title = document.createElement("h2");
  title.textContent = hits.length ? "Found" : "Nothing found";
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  status.textContent = hits.length
    ? `${hits.length} pages, the best first`
    : "No page has any of these words.";
  const list = document.createElement("ul");
  list.className = "search";
  for (const hit of hits.slice(0, 20)) {
    const [, anchor, heading, text] = LIBRARY.sections[hit.sections[0][1]];
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${hit.page}.html${anchor ? "#" + anchor : ""}`;
    link.textContent = heading === hit.title ? hit.title : `${hit.title} › ${heading}`;
    item.append(link, excerpt(text, wanted));
    list.append(item);
  }
  out.replaceChildren(title, status, list);
}

const question = new URLSearchParams(location.search).get("q");
if (question) {
  for (const field of document.querySelectorAll('input[name="q"]')) field.value = question;
  show(question);
}
