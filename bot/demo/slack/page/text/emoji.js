// The small common set of shortcodes; an unknown one stays as it was typed.
export const EMOJI = {
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

export function glyph(name) {
  return EMOJI[name.split("::")[0]] || `:${name}:`;
}

export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] || whole);
}
