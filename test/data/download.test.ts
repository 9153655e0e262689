import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { download, getData, type DownloadProgress } from "../../src/data/download.js";
import type { Split } from "../../src/data/index.js";
import { openData } from "../../src/data/files.js";
import { UsageError } from "../../src/errors.js";
import { rejects, rejectsFile } from "./fails.js";
import { cifarBytes, tarBytes } from "./fixtures.js";
import { temporaryFolder } from "../support/folder.js";

const root = temporaryFolder();

type Answer = Uint8Array<ArrayBuffer> | Response | Error;

/** A network of these addresses; any other answers 404. */
function network(answers: Readonly<Record<string, Answer>>): {
  fetch: typeof fetch;
  asked: string[];
} {
  const asked: string[] = [];
  const get = (input: RequestInfo | URL): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input);
    asked.push(url);
    const answer = answers[url] ?? new Response("no such page", { status: 404 });
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer instanceof Response) return Promise.resolve(answer);
    const headers = { "content-length": String(answer.length) };
    return Promise.resolve(new Response(answer, { headers }));
  };
  return { fetch: get, asked };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bytes = (text: string) => new TextEncoder().encode(text);

/** An answer that came from another address than the one asked. */
function redirected(content: Uint8Array<ArrayBuffer>): Response {
  return Object.defineProperty(new Response(content), "url", { value: "http://elsewhere/a" });
}

function endless(): ReadableStream<Uint8Array> {
  const part = new Uint8Array(2 ** 24);
  return new ReadableStream({
    pull: (controller) => {
      controller.enqueue(part);
    },
  });
}

describe("download", () => {
  const mirrors = ["https://one/", "https://two/"] as const;
  const content = bytes("content");
  const source = { mirrors, files: { a: sha256(content), b: sha256(bytes("b")) } };

  it("writes files whose checksums agree and reports progress", async () => {
    const folder = join(root, "new", "folder");
    const progress: DownloadProgress[] = [];
    const { fetch } = network({ "https://one/a": content, "https://one/b": new Response("b") });
    await download(source, folder, { fetch, onProgress: (p) => progress.push(p) });
    assert.deepEqual((await readdir(folder)).sort(), ["a", "b"]);
    assert.equal(await readFile(join(folder, "a"), "utf8"), "content");
    assert.deepEqual(progress, [
      { file: "a", received: 7, total: 7 },
      { file: "b", received: 1 },
    ]);
  });

  it("goes on to the next mirror on any failure", async () => {
    const folder = join(root, "mirrored");
    const { fetch, asked } = network({
      "https://one/a": bytes("changed"),
      "https://two/a": content,
      "https://one/b": new TypeError("fetch failed", { cause: new Error("ENOTFOUND") }),
      "https://two/b": bytes("b"),
    });
    await download(source, folder, { fetch });
    assert.deepEqual((await readdir(folder)).sort(), ["a", "b"]);
    assert.deepEqual(asked, ["https://one/a", "https://two/a", "https://one/b", "https://two/b"]);
  });

  it("says why each mirror failed, keeps the old file and leaves nothing else", async () => {
    const folder = await mkdtemp(join(root, "kept-"));
    await writeFile(join(folder, "a"), "old");
    const torn = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(bytes("con"));
      },
      pull: (controller) => {
        controller.error(new TypeError("terminated", { cause: new Error("other side closed") }));
      },
    });
    const answers: [Answer, RegExp][] = [
      [
        new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND one") }),
        /ENOTFOUND/,
      ],
      [new Response("gone", { status: 503 }), /HTTP 503/],
      [bytes("changed"), /SHA-256 [0-9a-f]{64} of 7 bytes/],
      [new Response(torn), /other side closed/],
      [redirected(content), /expected an https address, got http:\/\/elsewhere\/a/],
      [new Response(endless()), /more than 268435456 bytes/],
    ];
    for (const [answer, reason] of answers) {
      const { fetch } = network({ "https://one/a": answer });
      const failure = download(source, folder, { fetch });
      await rejects(failure, reason);
      await rejects(
        failure,
        /expected a with SHA-256 .*https:\/\/one\/a: .*https:\/\/two\/a: HTTP 404/,
      );
      assert.deepEqual(await readdir(folder), ["a"]);
      assert.equal(await readFile(join(folder, "a"), "utf8"), "old");
    }
  });

  it("reports a folder that cannot be written", async () => {
    const file = join(root, "file");
    await writeFile(file, "kept");
    const { fetch } = network({ "https://one/a": content });
    await rejectsFile(download(source, file, { fetch }), /file.a: expected to write this file/);
    await rejectsFile(download(source, join(file, "x"), { fetch }), /in place of a folder/);
    assert.equal(await readFile(file, "utf8"), "kept");
  });

  it("unpacks the data files of an archive, ready to be read", async () => {
    const folder = join(root, "sets", "cifar-100");
    const archive = Uint8Array.from(
      gzipSync(
        tarBytes({
          "cifar-100-binary/train.bin": cifarBytes(10, (i) => [i, i]),
          "cifar-100-binary/fine_label_names.txt": bytes("apple"),
          "cifar-100-binary/test.bin": cifarBytes(2, () => [0, 7]),
        }),
      ),
    );
    const { fetch } = network({ "https://one/c.tar.gz": archive });
    await download({ mirrors, files: { "c.tar.gz": sha256(archive) } }, folder, { fetch });
    assert.deepEqual((await readdir(folder)).sort(), ["test.bin", "train.bin"]);
    assert.deepEqual(
      [...(await testOf("cifar-100", join(root, "sets"))).take([0, 1]).labels!],
      [7, 7],
    );
  });
});

describe("getData", () => {
  it("asks for the published files and accepts no others", async () => {
    const firsts = {
      mnist: "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
      "fashion-mnist":
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/train-images-idx3-ubyte.gz",
      "cifar-10": "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
      "cifar-100": "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    };
    for (const [name, url] of Object.entries(firsts)) {
      const { fetch, asked } = network({ [url]: bytes("another file") });
      await rejects(getData(name, root, { fetch }), /SHA-256 [0-9a-f]{64}, got .*of 12 bytes/);
      assert.equal(asked[0], url);
      assert.equal(existsSync(join(root, name)), false);
    }
  });

  it("lists the names on a wrong one", async () => {
    await assert.rejects(getData("imagenet", root), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /mnist, fashion-mnist, cifar-10, cifar-100, got "imagenet"/);
      return true;
    });
  });

  const real = "../shared/data/mnist";
  it("gets MNIST, ready to be read", { skip: !existsSync(real) }, async () => {
    const files = await readdir(real);
    const answers = await Promise.all(
      files.map(async (file) => {
        const url = `https://ossci-datasets.s3.amazonaws.com/mnist/${file}`;
        return [url, Uint8Array.from(await readFile(join(real, file)))] as const;
      }),
    );
    const { fetch } = network(Object.fromEntries(answers));
    assert.equal(await getData("mnist", root, { fetch }), join(root, "mnist"));
    assert.deepEqual((await readdir(join(root, "mnist"))).sort(), files.sort());
    assert.equal((await testOf("mnist", root)).count, 10_000);
  });
});

async function testOf(name: string, folder: string): Promise<Split> {
  return (await openData(name, { folder })).split("test");
}

it("goes by the proxy that the environment names", async (t) => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", ({ url }, socket) => {
    asked.push(url ?? "");
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const before = process.env.HTTPS_PROXY;
  process.env.HTTPS_PROXY = `http://127.0.0.1:${port}`;
  t.after(() => {
    if (before === undefined) delete process.env.HTTPS_PROXY;
    else process.env.HTTPS_PROXY = before;
    proxy.close();
  });
  const source = { mirrors: ["https://sets.invalid/"], files: { a: "" } } as const;
  await rejects(download(source, root, {}), /https:\/\/sets\.invalid\/a: /);
  assert.deepEqual(asked, ["sets.invalid:443"]);
});
