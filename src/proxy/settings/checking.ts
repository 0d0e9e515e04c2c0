/** What a schema says of a setting: the words of `--help`, the reference and errors. And what a value that does not fit leads to. */
import * as z from 'zod/mini';
import { OffersightError } from '../../errors.js';
import { unknownName } from '../option-names.js';

interface Words {
  /** What it may be, behind `Set NAME to`. */
  readonly range?: string;
  readonly says?: string;
  /** What is so without it, unless the schema has a default. */
  readonly otherwise?: string;
  /** A value, as it follows the flag; empty for a flag without one. */
  readonly example?: string;
  /** It chooses events: two values would look like one of both. */
  readonly isOnce?: boolean;
}

const WORDS = z.registry<Words>();

/** A schema without what makes it optional. */
export const innerOf = (schema: z.ZodMiniType): z.ZodMiniType =>
  'innerType' in schema.def ? innerOf(schema.def.innerType as z.ZodMiniType) : schema;

/** All that is said of a setting. */
export const wordsOf = (schema: z.ZodMiniType): Required<Words> => {
  const { defaultValue } = schema.def as { readonly defaultValue?: string | number };
  const fallback = typeof defaultValue === 'string' ? `\`${defaultValue}\`` : String(defaultValue);
  return {
    range: 'what the reference says',
    ...{ says: '', otherwise: fallback, example: '', isOnce: false },
    ...WORDS.get(innerOf(schema)),
    ...WORDS.get(schema),
  };
};

const told = <Schema extends z.ZodMiniType>(schema: Schema, words: Words): Schema => {
  // A copy, since the same schema may be several settings.
  const own = schema.clone(undefined, { parent: true });
  WORDS.add(own, words);
  return own;
};

/** Says what a setting may be: its errors are `Set NAME to RANGE.` */
export const ranged = <Schema extends z.ZodMiniType>(schema: Schema, range: string): Schema =>
  told(schema, { range });

/** A setting that people meet outside code. */
export const setting = <Schema extends z.ZodMiniType>(
  schema: Schema,
  says: string,
  example: string,
  more: Pick<Words, 'otherwise' | 'isOnce'> = {},
): Schema => told(schema, { says, example, ...more });

const isShape = (schema: z.ZodMiniType | undefined): schema is z.ZodMiniObject =>
  schema instanceof z.ZodMiniObject;

/** The innermost setting on the way to a value, by its names. */
const settingAt = (schema: z.ZodMiniType, path: readonly PropertyKey[]) => {
  const names: string[] = [];
  let at = innerOf(schema);
  let setting = schema;
  for (const name of path) {
    if (!isShape(at)) break;
    setting = at.shape[String(name)] as z.ZodMiniType;
    at = innerOf(setting);
    names.push(String(name));
  }
  return { names, at, setting, inside: path[names.length] };
};

/** Names of settings; of those that are objects, theirs. */
const namesOf = (schema: z.ZodMiniObject): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(schema.shape).map(([name, inner]) => {
      const shape = innerOf(inner as z.ZodMiniType);
      return [name, isShape(shape) ? Object.keys(shape.shape) : []];
    }),
  );

const valueAt = (value: unknown, names: readonly string[]): unknown =>
  names.reduce<unknown>((outer, name) => (outer as Record<string, unknown> | undefined)?.[name], value);

const hintOf = (place: string, schema: z.ZodMiniType, given: unknown, issue: z.core.$ZodIssue): string => {
  const { names, at, setting, inside } = settingAt(schema, issue.path);
  if (issue.code === 'unrecognized_keys' && isShape(at)) {
    const outer = names.length ? names.join('.') : place;
    return unknownName(issue.keys[0] ?? '', outer, namesOf(at));
  }
  if (!names.length) return `Give ${place} its options in an object.`;
  const name = names.join('.');
  const value = valueAt(given, names);
  const more =
    typeof inside === 'number'
      ? ` Number ${inside + 1} is none.`
      : value === undefined || value === ''
        ? ' It is empty.'
        : '';
  return `Set ${name} to ${wordsOf(setting).range}.${more}`;
};

/**
 * Checks what a host gave.
 * @param place What the settings belong to, such as `createOfferProxy`.
 * @throws {OffersightError} `configuration`, which says what to set. It never has the value: messages end up in logs.
 */
export const checked = <Schema extends z.ZodMiniType>(
  place: string,
  schema: Schema,
  given: unknown,
): z.output<Schema> => {
  const { data, error } = schema.safeParse(given);
  const [issue] = error?.issues ?? [];
  if (issue) throw new OffersightError('configuration', hintOf(place, schema, given, issue));
  return data as z.output<Schema>;
};
