// How moments read, in the reader's own time zone and language.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const long = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const middle = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export const dateOf = (ts) => new Date(Number(ts) * 1000);
export const clock = (ts) => time.format(dateOf(ts));
export const full = (ts) => `${long.format(dateOf(ts))}, ${seconds.format(dateOf(ts))}`;
export const sameDay = (a, b) => dateOf(a).toDateString() === dateOf(b).toDateString();

export function dayName(ts, now = new Date()) {
  const date = dateOf(ts);
  return relative(date, now) || day.format(date);
}

function relative(date, now = new Date()) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days];
}

export function ago(ts, now = Date.now()) {
  const minutes = Math.max(0, Math.round((now / 1000 - Number(ts)) / 60));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 24 ? `${hours} h ago` : `${Math.round(hours / 24)} d ago`;
}

// Slack's <!date^ts^format|fallback>.
export function slackDate(epoch, format) {
  const date = dateOf(epoch);
  const pretty = (plain) => (relative(date) || plain.format(date));
  const tokens = {
    date_num: date.toISOString().slice(0, 10), date: middle.format(date), date_short: short.format(date),
    date_long: long.format(date), date_pretty: pretty(middle), date_short_pretty: pretty(short), date_long_pretty: pretty(long),
    date_slash: new Intl.DateTimeFormat().format(date), time: time.format(date), time_secs: seconds.format(date), ago: ago(epoch),
  };
  return format.replace(/\{(\w+)\}/g, (whole, token) => tokens[token] ?? whole);
}
