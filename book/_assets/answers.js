/* Judges a typed answer as lmgbook/_judging.py does. Self-study: the answers come with the page. */
"use strict";
const QUESTIONS = [
  ["check the sign.", (a) => [-a]],
  ["is there a factor of two too many, or one too few?", (a) => [2 * a, a / 2]],
  ["is a factor pi missing, or one too many?", (a) => [Math.PI * a, a / Math.PI]],
  [
    "a frequency or an angular frequency? A whole turn is 2 pi.",
    (a) => [2 * Math.PI * a, a / (2 * Math.PI)],
  ],
  ["do the units fit? Look at the prefixes.", (a) => [1e3 * a, a / 1e3]],
  ["is a fraction asked for, or a percentage?", (a) => [100 * a, a / 100]],
  ["which logarithm is it, ln or log10?", (a) => [Math.LN10 * a, a / Math.LN10]],
  ["is it upside down?", (a) => (a ? [1 / a] : [])],
  ["is there a square too many, or one too few?", (a) => [a * a, Math.sqrt(Math.abs(a))]],
];
const LAST = "not yet. Go back to the hint, and test your formula in a case you know.";

function close(number, target, tolerance, least = 2) {
  let half = 0;
  if (number && target && Number.isFinite(target)) {
    const mantissa = Math.abs(number).toExponential(6).split("e")[0];
    const digits = Math.max(least, mantissa.replace(/0+$/, "").length - 1);
    const place = (x) => Number(Math.abs(x).toExponential(15).split("e")[1]);
    half = 0.5000001 * 10 ** (Math.min(place(number), place(target)) - digits + 1);
  }
  return Math.abs(number - target) <= Math.max(half, tolerance * Math.abs(target));
}

function judge(number, { target, tolerance, exact, mistakes }) {
  const deviation = Math.abs(number - target);
  if (deviation <= 1e-9 * Math.abs(target)) return [true, "correct."];
  const right = !exact && close(number, target, tolerance);
  const known = mistakes
    .filter(([value]) => close(number, value, tolerance))
    .sort((a, b) => Math.abs(number - a[0]) - Math.abs(number - b[0]));
  const distance = known.length ? Math.abs(number - known[0][0]) : Infinity;
  const advice = known.length ? known[0][1] : "";
  if (distance < deviation) {
    const more = right ? " If you have rounded: one more digit, please." : "";
    return [false, `not yet. ${advice}${more}`];
  }
  if (right && known.some(([value]) => close(number, value, 0)))
    return [false, "not yet: one more digit, please. So far it could also be a known mistake."];
  if (right) return [true, "correct."];
  if (exact && deviation <= 0.02 * Math.abs(target))
    return [false, "not yet: this is counted, every unit matters, and nothing is rounded."];
  for (const [question, candidates] of QUESTIONS)
    if (candidates(target).some((each) => close(number, each, tolerance, 3)))
      return [false, `not yet: ${question}`];
  return [false, advice ? `not yet. ${advice}` : LAST];
}

function unveil(text) {
  const veil = new TextEncoder().encode("lmgbook");
  const bytes = Uint8Array.from(atob(text), (c, i) => c.charCodeAt(0) ^ veil[i % veil.length]);
  return JSON.parse(new TextDecoder().decode(bytes));
}

function read(text) {
  const typed = text.trim().replace("\u2212", "-");
  if (!typed) return [null, "not answered yet."];
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(typed)) return [Number(typed), ""];
  if (/\d,\d/.test(typed)) return [null, "write a decimal point instead of the comma."];
  if (/%/.test(typed)) return [null, "leave out the percent sign, and divide by a hundred."];
  if (/±|\+\/?-/.test(typed)) return [null, "type the value without its error."];
  return [null, "type one number, such as 0.5 or 1.2e-3; compute it first."];
}

function verdict(text, answer) {
  const [number, advice] = read(text);
  return number === null ? [null, advice] : judge(number, answer);
}

addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form.answer"))
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [right, message] = verdict(form.querySelector("input").value, unveil(form.dataset.answer));
      const output = form.querySelector("output");
      output.textContent = message;
      output.className = right ? "answer-right" : "";
    });
});
