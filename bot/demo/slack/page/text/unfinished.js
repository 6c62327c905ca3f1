// Text that stops in the middle of a mark reads as if the mark were closed, so that asterisks and half links do not flash by.

export function asIfFinished(text) {
  if ((text.match(/^\s*(```|~~~)/gm) || []).length % 2) return text;
  const start = text.lastIndexOf("\n") + 1;
  return text.slice(0, start) + closed(text.slice(start));
}

function closed(line) {
  let out = line
    .replace(/!?\[([^\]\n]*)\]\([^)\s]*$/, "$1")
    .replace(/!?\[([^\]\n]*)\]?$/, "$1");
  if ((out.match(/`/g) || []).length % 2) out = out.endsWith("`") ? out.slice(0, -1) : `${out}\``;
  else if (/(^|[^*])\*$/.test(out)) out = out.replace(/\*$/, "");
  if ((out.match(/\*\*/g) || []).length % 2) out = /\*\*\s*$/.test(out) ? out.replace(/\*\*\s*$/, "") : `${out.trimEnd()}**`;
  return out;
}
