"use strict";
(() => {
  const svg = document.querySelector("svg.lineage");
  const links = [...svg.querySelectorAll(".stage path.link")];
  const rows = new Map([...svg.querySelectorAll(".row")].map((row) => [row.dataset.id, row]));
  const boxes = new Map([...svg.querySelectorAll(".box")].map((box) => [box.dataset.box, box]));
  const above = new Map(), below = new Map();
  const put = (map, key, link) => map.has(key) ? map.get(key).push(link) : map.set(key, [link]);
  for (const link of links) {
    put(below, link.dataset.from, link);
    put(above, link.dataset.to, link);
  }
  const boxOf = (id) => id.split("\t")[0];

  // -- a column's whole path, up and down: values are followed all the way, what decides them one step
  const follow = (start, side, end, lit) => {
    const waiting = [start], seen = new Set(waiting);
    while (waiting.length) {
      const id = waiting.pop();
      for (const link of [...(side.get(id) || []), ...(side === above ? side.get(boxOf(id)) || [] : [])]) {
        const other = link.dataset[end];
        if (link.classList.contains("indirect") && svg.classList.contains("quiet")) continue;
        lit.links.add(link);
        lit.ids.add(other);
        if (!link.classList.contains("indirect") && !seen.has(other)) {
          seen.add(other);
          waiting.push(other);
        }
      }
    }
  };
  const clear = () => {
    svg.classList.remove("lit");
    for (const node of svg.querySelectorAll(".on,.start")) node.classList.remove("on", "start");
  };
  const light = (id) => {
    clear();
    const lit = {ids: new Set([id]), links: new Set()};
    follow(id, above, "from", lit);
    follow(id, below, "to", lit);
    svg.classList.add("lit");
    for (const link of lit.links) link.classList.add("on");
    for (const one of lit.ids) {
      rows.get(one)?.classList.add("on");
      boxes.get(boxOf(one))?.classList.add("on");
    }
    rows.get(id)?.classList.add("start");
  };
  let pinned = null;
  const show = (id) => id ? light(id) : pinned ? light(pinned) : clear();
  for (const [id, row] of rows) {
    row.addEventListener("pointerenter", () => show(id));
    row.addEventListener("pointerleave", () => show(null));
    row.addEventListener("focus", () => show(id));
    row.addEventListener("blur", () => show(null));
  }

  // -- pan and zoom
  const whole = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = [...whole];
  const draw = () => svg.setAttribute("viewBox", view.join(" "));
  const fit = () => { view = [...whole]; draw(); };
  const scale = () => Math.max(view[2] / svg.clientWidth, view[3] / svg.clientHeight);
  // What is too large to be read as a whole begins where it is about something, else at its left.
  const begin = () => {
    if (scale() < 1.5) return;
    const width = svg.clientWidth * 1.15, height = svg.clientHeight * 1.15;
    view = [0, Math.max(0, Math.min((whole[3] - height) / 2, whole[3])), width, height];
    const focus = svg.querySelector(".row.focus, .box.focus");
    focus ? go(focus) : draw();
  };
  const zoom = (factor, x, y) => {
    const size = Math.min(Math.max(view[2] * factor, 200), whole[2] * 3) / view[2];
    const rect = svg.getBoundingClientRect(), unit = scale();
    const px = view[0] + view[2] / 2 + (x - rect.left - rect.width / 2) * unit;
    const py = view[1] + view[3] / 2 + (y - rect.top - rect.height / 2) * unit;
    view = [px - (px - view[0]) * size, py - (py - view[1]) * size, view[2] * size, view[3] * size];
    draw();
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(event.deltaY * 0.0015), event.clientX, event.clientY);
  }, {passive: false});
  let from = null;
  svg.addEventListener("pointerdown", (event) => {
    from = {x: event.clientX, y: event.clientY, view: [...view], moved: false};
  });
  addEventListener("pointermove", (event) => {
    if (!from) return;
    const dx = event.clientX - from.x, dy = event.clientY - from.y, unit = scale();
    if (Math.abs(dx) + Math.abs(dy) < 4 && !from.moved) return;
    from.moved = true;
    svg.classList.add("moving");
    view = [from.view[0] - dx * unit, from.view[1] - dy * unit, from.view[2], from.view[3]];
    draw();
  });
  addEventListener("pointerup", (event) => {
    if (from && !from.moved) {  // a click keeps a path lit until the next
      pinned = event.target.closest?.(".row")?.dataset.id ?? null;
      show(pinned);
    }
    from = null;
    svg.classList.remove("moving");
  });
  document.querySelector("button").addEventListener("click", fit);
  document.querySelector("input[type=checkbox]").addEventListener("change", (event) => {
    svg.classList.toggle("quiet", !event.target.checked);
    show(null);
  });

  // -- search: by name of table or column; Enter goes from one to the next
  const search = document.querySelector("input[type=search]"), told = document.getElementById("found");
  let hits = [], place = -1;
  const go = (node) => {
    const box = node.getBBox(), at = node.closest(".box").transform.baseVal[0].matrix;
    const stage = svg.querySelector(".stage").transform.baseVal[0].matrix;
    const width = Math.min(view[2], 900), height = width * svg.clientHeight / svg.clientWidth;
    const inBox = node.classList.contains("box") ? {x: 0, y: 0} : {x: box.x, y: box.y};
    view = [stage.e + at.e + inBox.x - width / 2 + 100, stage.f + at.f + inBox.y - height / 2, width, height];
    draw();
  };
  search.addEventListener("input", () => {
    for (const hit of hits) hit.classList.remove("hit");
    const word = search.value.trim().toLowerCase();
    const named = (id) => id.replace("\t", ".").toLowerCase().includes(word);
    const tables = [...boxes].filter(([id]) => named(id)).map(([, box]) => box);
    const columns = [...rows].filter(([id]) => named(id) && !named(boxOf(id))).map(([, row]) => row);
    hits = word ? [...tables, ...columns] : [];
    place = -1;
    for (const hit of hits) hit.classList.add("hit");
    told.textContent = word ? `${hits.length} found` : "";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !hits.length) return;
    place = (place + 1) % hits.length;
    told.textContent = `${place + 1} of ${hits.length}`;
    go(hits[place]);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") { pinned = null; clear(); }
    if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
  });
  begin();
})();
