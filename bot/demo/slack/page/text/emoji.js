// The small common set of shortcodes; an unknown one stays as it was typed.
export const EMOJI = {
  __proto__: null,
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", eyes: "👀", tada: "🎉", heart: "❤️", fire: "🔥", rocket: "🚀",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫", warning: "⚠️", rotating_light: "🚨",
  bulb: "💡", mag: "🔍", lock: "🔒", unlock: "🔓", key: "🔑", hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️",
  alarm_clock: "⏰", calendar: "📅", memo: "📝", clipboard: "📋", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉",
  bar_chart: "📊", gear: "⚙️", wrench: "🔧", hammer_and_wrench: "🛠️", robot_face: "🤖", wave: "👋", pray: "🙏", clap: "👏",
  raised_hands: "🙌", thinking_face: "🤔", smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", joy: "😂", sweat_smile: "😅",
  sob: "😭", scream: "😱", point_right: "👉", point_up: "☝️", speech_balloon: "💬", thought_balloon: "💭", bell: "🔔",
  no_bell: "🔕", package: "📦", link: "🔗", bug: "🐛", shield: "🛡️", page_facing_up: "📄", books: "📚", octagonal_sign: "🛑",
  arrows_counterclockwise: "🔄", leftwards_arrow_with_hook: "↩️", rewind: "⏪", arrow_right: "➡️", arrow_up: "⬆️", arrow_down: "⬇️",
  white_circle: "⚪", red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  large_blue_circle: "🔵", black_square_for_stop: "⏹️", construction: "🚧", satellite_antenna: "📡", zap: "⚡", star: "⭐",
  sparkles: "✨", 100: "💯", question: "❓", exclamation: "❗", information_source: "ℹ️", person_shrugging: "🤷", coffee: "☕",
  ok_hand: "👌", muscle: "💪", v: "✌️", checkered_flag: "🏁", ticket: "🎫", pushpin: "📌", paperclip: "📎", mailbox: "📫",
};

export const QUICK = ["+1", "eyes", "white_check_mark", "tada", "heart", "rocket", "thinking_face", "pray"];

// What an ordinary text font can draw instead.
const PLAIN = {
  __proto__: null, white_check_mark: "✔", heavy_check_mark: "✔", x: "✖", warning: "⚠", no_entry: "⊘", no_entry_sign: "⊘", hourglass: "⌛",
  hourglass_flowing_sand: "⌛", white_circle: "○", red_circle: "●", large_green_circle: "●", large_yellow_circle: "●", large_orange_circle: "●",
  large_blue_circle: "●", zap: "⚡", star: "★", heart: "♥", gear: "⚙", leftwards_arrow_with_hook: "↩", arrow_right: "→", arrow_up: "↑", arrow_down: "↓",
  slightly_smiling_face: "☺", smile: "☺", coffee: "☕", information_source: "ℹ",
};

let drawn = null;

// Without an emoji font (a bare Linux box) every glyph is the same empty box; the name then says more.
function drawsEmoji() {
  if (drawn !== null) return drawn;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 20;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const pixels = (text) => {
    paint.clearRect(0, 0, 20, 20);
    paint.font = "16px sans-serif";
    paint.fillText(text, 0, 16);
    return paint.getImageData(0, 0, 20, 20).data.join();
  };
  return (drawn = pixels("🎉") !== pixels("🦄"));
}

export function glyph(name) {
  const plain = name.split("::")[0];
  return (drawsEmoji() ? EMOJI[plain] : PLAIN[plain]) || `:${plain}:`;
}
