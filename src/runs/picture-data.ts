import { basename } from "node:path";
import type { DataDescription, DataSet, Split } from "../data/index.js";
import { openPictureFolder } from "../data/pictures/picture-folder.js";
import { readPictures, type PictureReader } from "../data/pictures/index.js";
import { DataError } from "../errors.js";
import { pictureData, pictureOptions, pictureSplit } from "../images/index.js";
import { counter, type Listener } from "./listener.js";
import type { RunConfig } from "./run-folder.js";

/** How a run reads its folder of pictures. */
export type RunPictures = NonNullable<RunConfig["pictures"]>;

/**
 * The data of a run on pictures.
 * @throws {DataError} if the folder has other pictures than the run began with.
 */
export async function openPictureData(
  pictures: RunPictures,
  listener?: Listener,
): Promise<DataSet> {
  const { folder, count } = pictures;
  const reader = await openRunPictures(pictures);
  if (reader.count !== count) {
    throw new DataError(
      `${folder}: expected the ${count} pictures that the run began with, got ${reader.count}; put back what was there, or train again`,
      { name: folder },
    );
  }
  return readRunPictures(reader, pictures, listener);
}

/**
 * A folder of other pictures, or a single one, as a split to measure a run's model on.
 *
 * @param data of the model's checkpoint
 * @param isLabelled whether the pictures' subfolders must be the model's classes
 * @throws as {@link openPictureFolder} and {@link pictureSplit}.
 */
export async function openPictureSplit(
  path: string,
  data: DataDescription,
  { isLabelled, listener }: { readonly isLabelled: boolean; readonly listener?: Listener },
): Promise<Split> {
  const conditional = data.condition > 0;
  const byClass = isLabelled || conditional;
  const reader = await openPictureFolder(path, {
    ...pictureOptions(data),
    labels: byClass ? "folders" : "none",
  });
  for (const found of reader.summary) listener?.note(found);
  const pictures = await readPictures(reader, reading(listener));
  return pictureSplit(pictures, byClass ? data.classes : [], { conditional });
}

/** Opens the pictures that a run learns. */
export function openRunPictures({
  folder,
  labels,
  size,
  fit,
  channels,
}: Omit<RunPictures, "count" | "holdout">): Promise<PictureReader> {
  return openPictureFolder(folder, {
    labels,
    ...(size && { size }),
    ...(fit && { fit }),
    ...(channels && { channels }),
  });
}

/** All of them, as a data set of the folder's name. */
export async function readRunPictures(
  reader: PictureReader,
  { folder, holdout, conditional }: Pick<RunPictures, "folder" | "holdout" | "conditional">,
  listener?: Listener,
): Promise<DataSet> {
  const pictures = await readPictures(reader, reading(listener));
  return pictureData(
    { ...pictures, name: basename(folder) },
    {
      ...(holdout !== undefined && { holdout }),
      ...(conditional && { conditional }),
    },
  );
}

function reading(listener: Listener | undefined): Parameters<typeof readPictures>[1] {
  return listener && { onProgress: counter(listener, { label: "read", unit: "pictures" }) };
}
