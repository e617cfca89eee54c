import { deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from('89504e470d0a1a0a', 'hex');

/** The chunks of a PNG, by name; those of the same name in one. */
function chunksOf(png) {
  const chunks = {};
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const name = png.toString('latin1', at + 4, at + 8);
    chunks[name] = Buffer.concat([chunks[name] ?? Buffer.alloc(0), png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return chunks;
}

/** Undoes the filters that PNG puts before its compression. */
function pixelsOf(data, width, height, depth) {
  const row = width * depth;
  const out = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x >= depth ? out[y * row + x - depth] : 0;
      const up = y > 0 ? out[(y - 1) * row + x] : 0;
      const corner = x >= depth && y > 0 ? out[(y - 1) * row + x - depth] : 0;
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      const guess = [0, left, up, (left + up) >> 1, paeth][filter];
      out[y * row + x] = data[y * (row + 1) + 1 + x] + guess;
    }
  }
  return out;
}

const crcs = Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) {
    n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  }
  return n >>> 0;
});

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(
    (body.reduce((crc, byte) => crcs[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0,
    frame.length - 4
  );
  return frame;
}

const partsOf = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

/** Parts colours, as [red, green, blue, how often], in two along the channel in which they differ most. */
function halved(box) {
  const spread = [0, 1, 2].map((i) => Math.max(...box.map((c) => c[i])) - Math.min(...box.map((c) => c[i])));
  const channel = spread.indexOf(Math.max(...spread));
  const sorted = [...box].sort((a, b) => a[channel] - b[channel]);
  const middle = Math.ceil(sorted.length / 2);
  return [sorted.slice(0, middle), sorted.slice(middle)];
}

/** As many colours as are asked for, that stand for all of a list: the list is halved where it is largest. */
function meansOf(colours, wanted) {
  const boxes = colours.length > 0 ? [colours] : [];
  while (boxes.length < wanted) {
    const at = boxes.reduce((best, box, i) => (box.length > (boxes[best]?.length ?? 1) ? i : best), -1);
    if (at < 0) {
      break;
    }
    boxes.splice(at, 1, ...halved(boxes[at]));
  }
  return boxes.map((box) => {
    const weight = box.reduce((sum, c) => sum + c[3], 0);
    return [0, 1, 2].map((i) => Math.round(box.reduce((sum, c) => sum + c[i] * c[3], 0) / weight));
  });
}

/**
 * A picture of a page, as Chromium takes it, with 256 colours: a third of the size, and of flat colours and text nobody
 * sees a difference. Those that there is most of are kept as they are; the others become what stands for them.
 */
export function fewColours(png) {
  const { IHDR, IDAT } = chunksOf(png);
  const [width, height, depth] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4), IHDR[9] === 6 ? 4 : 3];
  const pixels = pixelsOf(inflateSync(IDAT), width, height, depth);
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += depth) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const kept = byCount.slice(0, 96).map(partsOf);
  const rest = byCount.slice(96).map((colour) => [...partsOf(colour), counts.get(colour)]);
  const palette = [...kept, ...meansOf(rest, 256 - kept.length)];
  const places = new Map();
  const nearest = (colour) => {
    const [r, g, b] = partsOf(colour);
    const far = palette.map((p) => (p[0] - r) ** 2 + (p[1] - g) ** 2 + (p[2] - b) ** 2);
    return far.indexOf(Math.min(...far));
  };
  const rows = Buffer.alloc((width + 1) * height);
  for (let i = 0; i < width * height; i++) {
    const colour = pixels.readUIntBE(i * depth, 3);
    if (!places.has(colour)) {
      places.set(colour, nearest(colour));
    }
    rows[i + Math.floor(i / width) + 1] = places.get(colour);
  }
  const head = Buffer.from(IHDR);
  head[8] = 8;
  head[9] = 3; // a palette
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
