import assert from 'node:assert/strict';
import { status as grpcStatus } from '@grpc/grpc-js';
import type { GrpcAnswer } from './raw-grpc.ts';
import type { RestAnswer } from './raw-rest.ts';

/** What tells a stranger how the server is made: frames of stacks, files, SQL and its errors, names of libraries, JavaScript's own words. */
const internals =
  /\bat .{1,80}:\d+:\d+|node_modules|node:internal|\.[jt]s:\d+|\/src\/|file:\/\/|\b(select|insert into|update) .{1,60}\b(from|values|set)\b|syntax error|invalid input syntax|duplicate key value|violates .{1,20} constraint|relation ".{1,60}"|ECONN|EPIPE|postgres|redis|rabbitmq|fastify|FST_ERR|grpc-js|ts-proto|protobufjs|bufbuild|undici|(Type|Range|Reference|Syntax)Error|undefined|\[object |is not a function|cannot read prop|unexpected token|stack"/i;

/** Fails where an answer is no answer, a bug of the server's, or says more than it may. What the caller sent may come back. */
export const assertSound = (answer: RestAnswer | GrpcAnswer, sent: string): void => {
  const isRest = 'json' in answer;
  if (isRest) {
    assert.ok(
      answer.status >= 200 && answer.status !== 500 && answer.status !== 501 && answer.status !== 502,
      `HTTP ${answer.status}: ${answer.text}`,
    );
    if (answer.status >= 400) assertProblem(answer);
  } else if (answer.httpStatus === 200) {
    assert.ok(answer.status !== undefined || answer.messages.length > 0 || answer.isOpen, `no status: ${answer.text}`);
    const isBug = answer.status === grpcStatus.INTERNAL || answer.status === grpcStatus.UNKNOWN || answer.status === grpcStatus.DATA_LOSS;
    assert.ok(!isBug, `${grpcStatus[answer.status ?? 0]}: ${answer.text}`);
  } else assert.ok(answer.httpStatus >= 400 && answer.httpStatus < 500, `HTTP ${answer.httpStatus}: ${answer.text}`);
  const leak = internals.exec(answer.text);
  if (leak && !sent.includes(leak[0])) assert.fail(`tells of its inside, '${leak[0]}': ${answer.text}`);
};

/** RFC 9457, and the same status in both places. */
const assertProblem = ({ status, headers, json, text }: RestAnswer): void => {
  assert.equal(headers['content-type']?.split(';')[0], 'application/problem+json', text);
  const problem = json as Readonly<Record<string, unknown>>;
  assert.equal(problem['status'], status, text);
  assert.match(String(problem['code']), /^[A-Z][A-Z_]+$/, text);
};
