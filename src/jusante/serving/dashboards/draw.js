"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const noLoader = { load: () => Promise.reject(new Error("this page loads nothing")) };
  function draw() {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = page.specs[Number(place.dataset.chart)];
      window.vegaEmbed(place, spec, {
        actions: false,
        renderer: "svg",
        loader: noLoader,
        config: night.matches ? page.dark : page.light,
      }).catch((error) => { place.textContent = `This chart cannot be drawn: ${error.message}`; });
    }
  }
  night.addEventListener("change", draw);
  draw();
})();
