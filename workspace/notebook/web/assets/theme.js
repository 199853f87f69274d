// The chosen theme, before anything is painted.
const kept = localStorage.getItem("theme");
if (kept) document.documentElement.dataset.theme = kept;
