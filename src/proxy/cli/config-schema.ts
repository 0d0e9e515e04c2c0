/** The JSON Schema of the file of several sites, for editors: made of the declarations that the file is checked by. */
import { PROCESS, type Setting, SITE } from './settings.js';

const textOf = ({ choices, pattern }: Setting): object =>
  choices ? { type: 'string', enum: choices } : { type: 'string', ...(pattern !== undefined && { pattern }) };

const kindOf = (setting: Setting): object => {
  const { kind, isWhole, least = 1, most } = setting;
  switch (kind) {
    case 'number':
      return {
        type: isWhole ? 'integer' : 'number',
        minimum: least,
        ...(most !== undefined && { maximum: most }),
      };
    case 'flag':
      return { type: 'boolean' };
    case 'list':
      return { type: 'array', items: textOf(setting) };
    case 'text':
      return textOf(setting);
    default:
      return kind satisfies never;
  }
};

const propertiesOf = (declared: Readonly<Record<string, Setting>>): object =>
  Object.fromEntries(
    Object.entries(declared).map(([name, setting]) => [
      name,
      { description: setting.says, ...kindOf(setting) },
    ]),
  );

const neededOf = (declared: Readonly<Record<string, Setting>>): string[] =>
  Object.entries(declared).flatMap(([name, { isNeeded }]) => (isNeeded ? [name] : []));

/** Makes the schema. */
export const configSchema = (): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Several sites in one process: offersight proxy --config FILE',
  type: 'object',
  additionalProperties: false,
  required: ['sites'],
  properties: {
    $schema: { type: 'string' },
    ...propertiesOf(PROCESS),
    sites: {
      description: 'The sites; each needs hosts or a path of its own.',
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: neededOf(SITE),
        oneOf: [{ required: ['apiKeyFile'] }, { required: ['apiKeyVariable'] }],
        properties: propertiesOf(SITE),
      },
    },
  },
});
