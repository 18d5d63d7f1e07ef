import fc, { type Arbitrary } from 'fast-check';
import type { Static, TSchema } from 'typebox';

/** The keywords of JSON Schema that event shapes use. */
type Shape = {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** Generates values of a typebox schema: everything that the schema allows, and nothing else. */
export const arbitraryOf = <Schema extends TSchema>(schema: Schema): Arbitrary<Static<Schema>> =>
  ofShape(schema as Shape) as Arbitrary<Static<Schema>>;

const ofShape = (shape: Shape): Arbitrary<unknown> => {
  if (shape.const !== undefined) return fc.constant(shape.const);
  if (shape.anyOf) return fc.oneof(...shape.anyOf.map(ofShape));
  switch (shape.type) {
    case 'object': {
      const fields = Object.entries(shape.properties ?? {}).map(([name, field]) => [name, ofShape(field)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(shape.required ?? [])], noNullPrototype: true });
    }
    case 'array':
      return fc.array(ofShape(shape.items!), { maxLength: 5 });
    case 'integer':
      return fc.integer({ min: shape.minimum ?? -(2 ** 31), max: shape.maximum ?? 2 ** 31 });
    case 'boolean':
      return fc.boolean();
    case 'string':
      if (shape.format === 'uuid') return fc.uuid();
      if (shape.format === 'date-time')
        return fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((time) => time.toISOString());
      if (shape.pattern) return fc.stringMatching(new RegExp(shape.pattern));
      if (shape.format === undefined) return fc.string();
  }
  throw new Error(`no generator for ${JSON.stringify(shape)}`);
};
