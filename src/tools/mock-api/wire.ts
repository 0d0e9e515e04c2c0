import type { ServerResponse } from 'node:http';
import type { Answer } from './errors.js';

/** Sends an answer as it is. */
export function send(response: ServerResponse, answer: Answer): void {
  const { status, headers = {}, body } = answer;
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}

/** Breaks the connection with a reset, so that no client takes it for an orderly end. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** Begins the answer and breaks off: in the middle of the body or, if there is none, of the head. */
export function sendTruncated(response: ServerResponse, answer: Answer): void {
  const { socket } = response;
  const { status, headers = {}, body } = answer;
  if (body === undefined) {
    socket?.write(`HTTP/1.1 ${status} No Content\r\nDate: `, () => socket.destroy());
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}

/** Leaves the client without an answer until it goes away or the signal says that it is over. */
export async function hang(response: ServerResponse, over: AbortSignal): Promise<void> {
  if (response.closed || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const end = () => reset(response);
    response.once('close', () => {
      over.removeEventListener('abort', end);
      resolve();
    });
    over.addEventListener('abort', end);
    if (over.aborted) end();
  });
}
