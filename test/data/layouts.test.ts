import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findMember, layoutRemedy } from "../../src/data/layouts.js";

describe("findMember", () => {
  const images = "train-images-idx3-ubyte";
  const found: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["as published", ["train-images-idx3-ubyte.gz", "README"], "train-images-idx3-ubyte.gz"],
    [
      "with a point",
      ["train-images.idx3-ubyte", "t10k-images.idx3-ubyte"],
      "train-images.idx3-ubyte",
    ],
    [
      "as torchvision has it",
      [`MNIST/raw/${images}`, `MNIST/raw/${images}.gz`],
      `MNIST/raw/${images}`,
    ],
    ["in a folder of its name", [`${images}/${images}`], `${images}/${images}`],
    [
      "beside another set",
      [`FashionMNIST/raw/${images}`, `MNIST/raw/${images}`],
      `MNIST/raw/${images}`,
    ],
    ["only of another set", [`FashionMNIST/raw/${images}`, `KMNIST/raw/${images}`], undefined],
    [
      "in a folder of the set rather than above",
      [images, `mnist/${images}.gz`],
      `mnist/${images}.gz`,
    ],
    ["not at all", ["train-labels-idx1-ubyte"], undefined],
  ];
  for (const [what, paths, path] of found) {
    it(`finds MNIST's images ${what}`, () => {
      assert.equal(findMember(paths, "mnist", images), path);
    });
  }

  it("finds Fashion-MNIST and CIFAR in their folders", () => {
    const paths = [
      `MNIST/raw/${images}`,
      `FashionMNIST/raw/${images}`,
      "cifar-10-batches-bin/test_batch.bin",
    ];
    assert.equal(findMember(paths, "fashion-mnist", images), `FashionMNIST/raw/${images}`);
    assert.equal(
      findMember(paths, "cifar-10", "test_batch.bin"),
      "cifar-10-batches-bin/test_batch.bin",
    );
    assert.equal(
      findMember(["cifar-100-binary/train.bin"], "cifar-100", "train.bin"),
      "cifar-100-binary/train.bin",
    );
    assert.equal(findMember(["cifar-100-binary/test.bin"], "cifar-10", "test.bin"), undefined);
  });

  it("says what to do with Python's version of CIFAR", () => {
    const paths = ["cifar-10-batches-py/data_batch_1", "cifar-10-batches-py/test_batch"];
    assert.equal(findMember(paths, "cifar-10", "data_batch_1.bin"), undefined);
    assert.match(layoutRemedy(paths, "cifar-10"), /Python's pickles: get the binary version/);
    assert.match(layoutRemedy([], "cifar-10"), /download the set, or give the folder/);
  });
});
