/* Sliders that drag, and whose picture opens at full size as any other does. Without this script each
   is a group of radio buttons, and works as such. */
"use strict";
const PAUSE = 400; // a drag passes many steps: speak when it rests
const SLOP = 6; // pixels that a finger moves before it drags; less is a tap

function nearest(radios, x, y) {
  const distance = (radio) => {
    const box = radio.getBoundingClientRect();
    // rows first: on a phone the steps stand in several
    const beside = Math.max(box.top - y, y - box.bottom, 0);
    return 1e4 * beside + Math.abs((box.left + box.right) / 2 - x);
  };
  return radios.reduce((a, b) => (distance(b) < distance(a) ? b : a));
}

/* Lets a frame's picture be followed as a link. Browsers open no data: address, hence the copy; most
   frames are never shown, hence not before. */
function link(picture) {
  const around = picture.parentElement;
  if (around.href) return;
  const [, svg] = picture.getAttribute("src").split(/,(.*)/s);
  const file = new Blob([decodeURIComponent(svg)], { type: "image/svg+xml" });
  around.href = URL.createObjectURL(file);
}

function enliven(slider) {
  const track = slider.querySelector("fieldset");
  const radios = [...track.querySelectorAll("input[type=radio]")];
  const frames = [...track.querySelectorAll(":scope > div > div")];
  const spoken = document.createElement("output");
  spoken.className = "slider-spoken";
  slider.append(spoken);
  slider.classList.add("slider-drags");
  const pictures = frames.map((frame) => frame.querySelector("img"));
  let drag = null;
  let timer = 0;

  for (const picture of pictures) {
    const around = document.createElement("a");
    around.className = "full-size";
    around.title = "Open at full size";
    picture.replaceWith(around);
    around.append(picture);
  }
  const chosen = () => radios.findIndex((radio) => radio.checked);
  // a browser that goes back to a page chooses what was chosen, before this and without a change
  addEventListener("pageshow", () => link(pictures[chosen()]));
  const speak = () => {
    const label = track.querySelector("legend").firstChild.textContent.trim();
    spoken.textContent = `${label}: ${radios[chosen()].ariaLabel}. ${pictures[chosen()].alt}`;
  };
  const choose = (radio) => {
    radio.focus({ preventScroll: true });
    if (radio.checked) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  };
  track.addEventListener("change", () => {
    link(pictures[chosen()]);
    clearTimeout(timer);
    timer = setTimeout(speak, PAUSE);
  });

  track.addEventListener("pointerdown", (event) => {
    if (!radios.includes(event.target) || !event.isPrimary || event.button) return;
    // a finger may begin to scroll, or only tap
    drag = { id: event.pointerId, x: event.clientX, sure: event.pointerType !== "touch" };
    if (!drag.sure) return;
    event.preventDefault(); // no text is selected
    choose(event.target);
    track.setPointerCapture(drag.id);
  });
  track.addEventListener("pointermove", (event) => {
    if (drag?.id !== event.pointerId) return;
    drag.sure ||= Math.abs(event.clientX - drag.x) > SLOP;
    if (drag.sure) choose(nearest(radios, event.clientX, event.clientY));
  });
  for (const end of ["pointerup", "pointercancel"])
    track.addEventListener(end, () => (drag = null));

  track.addEventListener("keydown", (event) => {
    const here = radios.indexOf(event.target);
    if (here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = radios.length - 1;
    const leap = Math.max(2, Math.round(last / 5));
    const next = {
      Home: 0,
      End: last,
      PageUp: here - leap,
      PageDown: here + leap,
      // as radio buttons do, but from the last one not on to the first
      ArrowLeft: here - 1,
      ArrowUp: here - 1,
      ArrowRight: here + 1,
      ArrowDown: here + 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(radios[Math.min(Math.max(next, 0), last)]);
  });
}

addEventListener("DOMContentLoaded", () => document.querySelectorAll(".lmg-steps").forEach(enliven));
