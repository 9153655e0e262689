import * as z from "zod";
import { ShapeError } from "../errors.js";
import {
  add,
  axisSize,
  conv2d,
  mean,
  mul,
  relu,
  reshape,
  slice,
  sub,
  type Tensor,
} from "../graph/index.js";
import { BatchNorm, Linear, type Context, type Layer, type Scope } from "../nn/index.js";
import { count, depth, eventShape, expectImage } from "./config.js";
import { defineModel } from "./define.js";

const resNetConfig = z
  .strictObject({
    shape: eventShape,
    classes: count,
    channels: count,
    blocks: z.array(depth).readonly(),
    widths: z.array(count.multipleOf(4)).readonly(),
    centre: z.strictObject({ mean: z.number(), deviation: z.number().positive() }),
    pixels: z.literal("real").exactOptional(),
  })
  .refine(({ blocks, widths }) => widths.length === blocks.length && widths.length > 0, {
    error: "expected a width for each stage of blocks, and at least one stage",
    path: ["widths"],
  });

/** Shape of the data, and sizes of the network: its `blocks` and `widths`, by stage. */
export type ResNetConfig = z.infer<typeof resNetConfig>;

/**
 * The pre-activation ResNet of bottlenecks, a classifier of images without an inverse: a 3x3
 * convolution, stages of bottlenecks, then batch norm, ReLU, average pooling and a linear layer.
 * With n bottlenecks in each of three stages it has 9n + 2 layers: ResNet-164 for n = 18.
 *
 * @param config.shape `[C, H, W]` of images
 * @param config.classes number of classes
 * @param config.channels of the first convolution
 * @param config.blocks numbers of bottlenecks of each stage; each stage but the first halves height and
 *   width
 * @param config.widths channels of each stage, multiples of 4; a bottleneck has a quarter of them inside
 * @param config.centre mean and standard deviation of the data, in their own units: 0…255 for pixels
 * @param config.pixels `"real"` for images of real numbers; unless given, images are pixels 0…255, which
 *   may lie between whole ones
 * @throws {UsageError} if a field is unknown, missing or outside its range, or the data aren't images.
 * @throws {ShapeError} if an image can't be halved so often.
 *
 * @see He et al. 2016, section 4 and figure 4 (e), https://arxiv.org/abs/1603.05027
 */
export const resNet = defineModel({
  kind: "resnet",
  name: "ResNet",
  task: "classification",
  paper: "He et al., Identity Mappings in Deep Residual Networks, https://arxiv.org/abs/1603.05027",
  year: 2016,
  schema: resNetConfig,
  build: (config, scope) => {
    const { shape, classes, centre, pixels } = config;
    const [channels, height, width] = expectImage(shape);
    const halvings = 2 ** (config.blocks.length - 1);
    if (height % halvings !== 0 || width % halvings !== 0) {
      throw new ShapeError(
        `resnet: expected a height and width that ${config.blocks.length} stages can halve, multiples of ${halvings}, got ${height} x ${width}; take fewer stages, or pad the images`,
      );
    }
    const stem = convolution(scope.child("stem"), channels, config.channels, 3);
    const bottlenecks = stages(scope, config);
    const features = config.widths.at(-1)!;
    const head = scope.child("head");
    const norm = new BatchNorm(head.child("norm"), features);
    const linear = new Linear(head.child("linear"), features, classes);
    const logits = (x: Tensor, ctx: Context): Tensor => {
      const standard = mul(sub(x, centre.mean), 1 / centre.deviation);
      const h = bottlenecks.reduce((h, layer) => layer.apply(h, ctx), stem(standard));
      const pooled = mean(relu(norm.apply(h, ctx)), [2, 3]);
      return linear.apply(reshape(pooled, [axisSize(h, 0), axisSize(h, 1)]));
    };
    return { shape, pixels: pixels !== "real", classifier: { classes, logits } };
  },
});

function stages(scope: Scope, config: ResNetConfig): Layer[] {
  let channels = config.channels;
  return config.blocks.flatMap((blocks, stage) => {
    const outChannels = config.widths[stage]!;
    return Array.from({ length: blocks }, (_, i) => {
      const at = scope.child("stages").child(stage).child("blocks").child(i);
      const inChannels = channels;
      channels = outChannels;
      return new Bottleneck(at, inChannels, outChannels, { halve: stage > 0 && i === 0 });
    });
  });
}

/**
 * y = x + g(x), g = 1x1 ∘ φ₃ ∘ 3x3 ∘ φ₂ ∘ 1x1 ∘ φ₁ with φ = ReLU ∘ batch norm, through a quarter
 * of its channels. Where channels or size change it is y = p(h) + g'(h) for h = φ₁(x), with a 1x1
 * projection p.
 *
 * To halve height and width, h is sliced to every other row and column. That is all a 1x1
 * convolution of stride 2 reads, so this equals the strided ones of the original network, which
 * are p and the first of g.
 */
class Bottleneck implements Layer {
  readonly #halve: boolean;
  readonly #projection: Convolution | undefined;
  readonly #norms: readonly [BatchNorm, BatchNorm, BatchNorm];
  readonly #convs: readonly [Convolution, Convolution, Convolution];

  constructor(
    scope: Scope,
    inChannels: number,
    outChannels: number,
    { halve }: { readonly halve: boolean },
  ) {
    this.#halve = halve;
    const inside = outChannels / 4;
    const norm = (i: number, channels: number): BatchNorm =>
      new BatchNorm(scope.child(`norm${i}`), channels);
    const conv = (name: string, from: number, to: number, kernel: number): Convolution =>
      convolution(scope.child(name), from, to, kernel);
    this.#norms = [norm(1, inChannels), norm(2, inside), norm(3, inside)];
    this.#convs = [
      conv("conv1", inChannels, inside, 1),
      conv("conv2", inside, inside, 3),
      conv("conv3", inside, outChannels, 1),
    ];
    const projects = halve || inChannels !== outChannels;
    this.#projection = projects ? conv("projection", inChannels, outChannels, 1) : undefined;
  }

  apply(x: Tensor, ctx: Context): Tensor {
    const [norm1, norm2, norm3] = this.#norms;
    const [conv1, conv2, conv3] = this.#convs;
    const activated = relu(norm1.apply(x, ctx));
    const h = this.#halve ? everyOther(activated) : activated;
    const inside = conv2(relu(norm2.apply(conv1(h), ctx)));
    const g = conv3(relu(norm3.apply(inside, ctx)));
    return add(this.#projection?.(h) ?? x, g);
  }
}

type Convolution = (x: Tensor) => Tensor;

/**
 * w ∗ x without a bias, which batch normalisation would take away. w begins normal with variance
 * 2/(k²·O).
 *
 * @see He et al. 2015, section 2.2, backward case, https://arxiv.org/abs/1502.01852
 */
function convolution(
  scope: Scope,
  inChannels: number,
  outChannels: number,
  kernel: number,
): Convolution {
  const deviation = Math.sqrt(2 / (kernel * kernel * outChannels));
  const weight = scope.parameter(
    "weight",
    [outChannels, inChannels, kernel, kernel],
    (size, random) => random.normal(size).map((x) => x * deviation),
    { decay: true },
  );
  return (x) => conv2d(x, weight);
}

/** Rows and columns 0, 2, 4, ...: `[B, C, H, W]` to `[B, C, H/2, W/2]`. */
function everyOther(x: Tensor): Tensor {
  const [b, c, h, w] = [axisSize(x, 0), axisSize(x, 1), axisSize(x, 2) / 2, axisSize(x, 3) / 2];
  const rows = slice(reshape(x, [b * c, h, 2, 2 * w]), 2, 0, 1);
  const columns = slice(reshape(rows, [b * c, h, w, 2]), 3, 0, 1);
  return reshape(columns, [b, c, h, w]);
}
