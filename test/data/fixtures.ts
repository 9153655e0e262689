/** An idx file of bytes with these sizes. */
export function idxBytes(sizes: readonly number[], content: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + content.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, 0x800 + sizes.length);
  sizes.forEach((size, i) => {
    header.setUint32(4 + 4 * i, size);
  });
  bytes.set(content, 4 + 4 * sizes.length);
  return bytes;
}

/** `count` CIFAR records: `labels(i)`, then pixels that are all i mod 256. */
export function cifarBytes(count: number, labels: (i: number) => readonly number[]): Uint8Array {
  const records = Array.from({ length: count }, (_, i) => [
    ...labels(i),
    ...new Uint8Array(3072).fill(i),
  ]);
  return Uint8Array.from(records.flat());
}

/** A tar archive of regular files, after the entry of a folder. */
export function tarBytes(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([path, content]) => {
    const padded = new Uint8Array(Math.ceil(content.length / 512) * 512);
    padded.set(content);
    return [tarHeader(path, content.length, "0"), padded];
  });
  const blocks = [tarHeader("folder/", 0, "5"), ...entries.flat(), new Uint8Array(1024)];
  return Uint8Array.from(blocks.flatMap((block) => [...block]));
}

function tarHeader(path: string, size: number, type: string): Uint8Array {
  const header = new Uint8Array(512);
  const write = (text: string, at: number) => {
    header.set(new TextEncoder().encode(text), at);
  };
  write(path, 0);
  write(`${size.toString(8).padStart(11, "0")} `, 124);
  write(type, 156);
  write("ustar", 257);
  return header;
}
