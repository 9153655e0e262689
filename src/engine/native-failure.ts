/** Where a process runs, and why onnxruntime-node doesn't load there. */
export interface LoadFailure {
  /** As Node names them: `linux-x64`. */
  readonly platform: string;
  /** Version of the C library where it is glibc. */
  readonly glibc: string | undefined;
  readonly message: string;
}

const supported = ["linux-x64", "linux-arm64", "win32-x64", "win32-arm64", "darwin-arm64"];

/** What to say, and what to do, where onnxruntime-node's native library can't be loaded. */
export function loadFailure({ platform, glibc, message }: LoadFailure): string {
  const expected = "nodeEngine: expected onnxruntime-node's native library";
  if (!supported.includes(platform)) {
    return `${expected} for ${platform}, got none: there are builds for ${supported.join(", ")}; take one of these, or webEngine in a page`;
  }
  if (platform.startsWith("linux") && glibc === undefined) {
    return `${expected} for a Linux with musl, got one for glibc (${message}); take an image with glibc, such as node:22-slim in place of node:22-alpine`;
  }
  const loaded = /(\S+)libonnxruntime\S*: version `\S+' not found/.exec(message)?.[1];
  if (loaded !== undefined) {
    return `${expected} alone in this process, got another version before it, of ${loaded}; install one version of onnxruntime-node for all packages (npm ls onnxruntime-node), by "overrides" in package.json if need be`;
  }
  return `${expected} for ${platform}, got ${message}; install iresnet again, on this system and not on another one`;
}
