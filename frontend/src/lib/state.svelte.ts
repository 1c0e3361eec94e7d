/** Where the page stands, kept in the hash of its address: `#/futures?run=17`. A link restores it. */

export const VIEWS = ["map", "futures", "deal", "whatif", "evidence", "score"] as const;
export type View = (typeof VIEWS)[number];
type Value = string | number | readonly (string | number)[] | null | undefined | boolean;

interface Where {
  view: View;
  query: URLSearchParams;
}

function read(): Where {
  const [path, rest = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const view = VIEWS.find((each) => each === path) ?? "map";
  return { view, query: new URLSearchParams(rest) };
}

/** Milliseconds between writes of the address: browsers refuse more than some hundred within seconds. */
const REST = 200;

class Here {
  #where = $state.raw<Where>(read());
  #timer: number | undefined;
  #written = 0;

  constructor() {
    window.addEventListener("hashchange", () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#where = read();
    });
    window.addEventListener("pagehide", () => this.#write());
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = performance.now();
    const wanted = address(this.#where.view, this.#where.query);
    if (wanted !== location.hash) history.replaceState(null, "", wanted);
  }

  get view(): View {
    return this.#where.view;
  }

  /** The first value of a key of the hash, or nothing. */
  get(key: string): string | null {
    return this.#where.query.get(key);
  }

  /** All values of a key, in order. */
  all(key: string): string[] {
    return this.#where.query.getAll(key);
  }

  /** The first value as a number, or nothing. */
  number(key: string): number | null {
    const value = this.get(key);
    return value === null || value.trim() === "" || !Number.isFinite(Number(value)) ? null : Number(value);
  }

  /** Change keys of the hash without a new entry in the history; nothing, false or an empty list removes a key. */
  set(change: Record<string, Value>): void {
    const query = new URLSearchParams(this.#where.query);
    for (const [key, value] of Object.entries(change)) put(query, key, value);
    this.#where = { view: this.#where.view, query };
    const rest = this.#written + REST - performance.now();
    if (rest <= 0) this.#write();
    else this.#timer ??= window.setTimeout(() => this.#write(), rest);
  }

  /** Go to a view, as a new entry in the history. */
  go(view: View, query: Record<string, Value> = {}): void {
    this.#write();
    location.hash = link(view, query);
  }
}

function put(query: URLSearchParams, key: string, value: Value): void {
  query.delete(key);
  if (value === null || value === undefined || value === false || value === "") return;
  for (const each of Array.isArray(value) ? value : [value]) query.append(key, each === true ? "1" : String(each));
}

function address(view: View, query: URLSearchParams): string {
  const rest = query.toString();
  return `#/${view}${rest ? `?${rest}` : ""}`;
}

/** The address of a view within the page. */
export function link(view: View, query: Record<string, Value> = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) put(params, key, value);
  return address(view, params);
}

export const here = new Here();
