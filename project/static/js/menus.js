/* Open menus of the frame (<details>) close by Escape and by going elsewhere; all else the browser does by itself. */
"use strict";

const menus = () => document.querySelectorAll(".drop[open], .menu[open]");

for (const event of ["click", "focusin"]) {
  document.addEventListener(event, ({ target }) => {
    for (const menu of menus()) if (!menu.contains(target)) menu.open = false;
  });
}

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of menus()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});
