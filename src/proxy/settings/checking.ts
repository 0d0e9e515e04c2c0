/** What a schema says of a value that does not fit, in words that name the setting and what it may be. */
import * as z from 'zod/mini';
import { OffersightError } from '../../errors.js';
import { unknownName } from '../option-names.js';

const RANGES = z.registry<{ readonly range: string }>();

/** Says what a setting may be: its errors are `Set NAME to RANGE.` */
export const ranged = <Schema extends z.ZodMiniType>(schema: Schema, range: string): Schema => {
  RANGES.add(schema, { range });
  return schema;
};

/** A schema without what makes it optional. */
export const innerOf = (schema: z.ZodMiniType): z.ZodMiniType =>
  'innerType' in schema.def ? innerOf(schema.def.innerType as z.ZodMiniType) : schema;

/** What a setting may be. */
export const rangeOf = (schema: z.ZodMiniType): string =>
  (RANGES.get(schema) ?? RANGES.get(innerOf(schema)))?.range ?? 'what the reference says';

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
  return `Set ${name} to ${rangeOf(setting)}.${more}`;
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
