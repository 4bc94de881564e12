// Texts of the script of held files.
texts.review = {
  notLoaded: "The answers could not be loaded. Close and open this part to try again.",
  noneSelected: "No file selected",
  selected: ({ count, all }) => `${count} of ${all} files selected`,
};
