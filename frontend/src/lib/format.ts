/** Numbers, chances and days in words. */

const MINUS = "−";

/** A number to two significant digits, whole from 100 on: 0.034, 1.2, 37, 1,200, 1,200,000. */
export function number(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const decimals = size >= 10 ** (digits - 1) ? 0 : Math.min(6, digits - 1 - Math.floor(Math.log10(size)));
  const text = size.toLocaleString("en-GB", { minimumFractionDigits: 0, maximumFractionDigits: decimals });
  return rounded < 0 ? MINUS + text : text;
}

/** A number with its sign. */
export function signed(value: number | null | undefined, digits = 2): string {
  const text = number(value, digits);
  return value !== null && value !== undefined && value > 0 && text !== "0" ? `+${text}` : text;
}

/** A chance: whole percent, and `<1 %` or `>99 %` where rounding would say never or always. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.01) return "<1 %";
  if (share < 1 && share > 0.99) return ">99 %";
  return `${Math.round(100 * share)} %`;
}

/** An interval of numbers. */
export function interval(low: number | null | undefined, high: number | null | undefined, digits = 2): string {
  return `${number(low, digits)} to ${number(high, digits)}`;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** `31 January 2026` of `2026-01-31`. */
export function day(iso: string): string {
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  return date && month && year ? `${date} ${MONTHS[month - 1]} ${year}` : iso;
}

/** `31 Jan 2026`. */
export function shortDay(iso: string): string {
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  return date && month && year ? `${date} ${MONTHS[month - 1].slice(0, 3)} ${year}` : iso;
}

/** Days since 1970 of an ISO day. */
export const dayNumber = (iso: string): number => Math.round(Date.parse(`${iso.slice(0, 10)}T00:00:00Z`) / 86_400_000);

/** `1 week`, `2 weeks`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;

/** A unit in words: `km2` as `km²`, `1` as nothing. */
export function unit(of: string): string {
  if (of === "1" || of === "") return "";
  return of.replace(/km2/g, "km²").replace(/m3/g, "m³");
}

/** First letter large. */
export const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** Rows as CSV; cells with commas, quotes or line ends are quoted. */
export function csv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  const cell = (value: string | number | null | undefined): string => {
    const words = value === null || value === undefined ? "" : String(value);
    // A leading sign of a formula would be run by a spreadsheet.
    const safe = typeof value === "string" && /^[=+@\t\r-]/.test(words) ? `'${words}` : words;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Give text to the user as a file. */
export function save(name: string, content: string | Blob, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type: `${type};charset=utf-8` }) : content;
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
