/** Names on the map that do not cover each other: the first given find room first. */

export interface Name {
  key: string;
  text: string;
  /** Place of the point, in pixels. */
  x: number;
  y: number;
  size: number;
  kind: "town" | "city" | "sector" | "mark";
  note?: string;
}

export interface Placed extends Name {
  /** Where the text begins or has its middle, and its base line. */
  tx: number;
  ty: number;
  anchor: "start" | "end" | "middle";
}

type Box = [number, number, number, number];

const meets = (one: Box, other: Box): boolean => one[0] < other[2] && one[2] > other[0] && one[1] < other[3] && one[3] > other[1];

/** Width of a text in the sans of the page; a little generous. */
const wide = (text: string, size: number): number => 0.56 * size * text.length;

/** Names with their places; those that find no room are left out, their points are drawn all the same. */
export function arranged(names: readonly Name[], width: number, height: number, taken: readonly Box[] = []): Placed[] {
  const boxes: Box[] = [...taken];
  for (const name of names) if (name.kind !== "sector") boxes.push([name.x - 3, name.y - 3, name.x + 3, name.y + 3]);
  const placed: Placed[] = [];
  for (const name of names) {
    const choice = choices(name).find(
      ([, box]) => box[0] >= 2 && box[2] <= width - 2 && box[1] >= 2 && box[3] <= height - 2 && !boxes.some((other) => meets(box, other)),
    );
    if (!choice) continue;
    boxes.push(choice[1]);
    placed.push({ ...name, ...choice[0] });
  }
  return placed;
}

function choices(name: Name): [Pick<Placed, "tx" | "ty" | "anchor">, Box][] {
  const { x, y, size } = name;
  const length = wide(name.note ? `${name.text} ${name.note}` : name.text, size);
  const [up, down] = [0.8 * size, 0.25 * size];
  const at = (tx: number, ty: number, anchor: Placed["anchor"]): [Pick<Placed, "tx" | "ty" | "anchor">, Box] => {
    const from = anchor === "start" ? tx : anchor === "end" ? tx - length : tx - length / 2;
    return [{ tx, ty, anchor }, [from - 1, ty - up - 1, from + length + 1, ty + down + 1]];
  };
  if (name.kind === "sector") return [at(x, y, "middle"), at(x, y - 16, "middle"), at(x, y + 16, "middle"), at(x - 40, y, "middle"), at(x + 40, y, "middle")];
  return [
    at(x + 6, y + 0.35 * size, "start"),
    at(x - 6, y + 0.35 * size, "end"),
    at(x, y - 6, "middle"),
    at(x, y + 6 + up, "middle"),
    at(x + 5, y - 5, "start"),
    at(x - 5, y - 5, "end"),
    at(x + 5, y + 5 + up, "start"),
    at(x - 5, y + 5 + up, "end"),
  ];
}
