/** The content of a file and the name that errors give it. */
export interface DataFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}
