// A TCP proxy that lets the line break once: the moment `breakAt` passes from the server to the client for the
// `occurrence`-th time, half of what is in hand is still delivered and the connection is reset.
import net from "node:net";
import { once } from "node:events";

export async function startDroppingProxy(targetUrl, breakAt, occurrence) {
  const target = new URL(targetUrl);
  const sockets = new Set();
  const proxy = { url: "", drops: 0, close };
  let seen = 0;

  const listener = net.createServer((downstream) => {
    const upstream = net.connect(Number(target.port || 80), target.hostname);
    for (const socket of [downstream, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {}); // a broken line is what this proxy is for
    }
    downstream.pipe(upstream);
    upstream.on("end", () => downstream.end());
    upstream.on("close", () => downstream.destroy());
    downstream.on("close", () => upstream.destroy());
    upstream.on("data", (chunk) => {
      seen += chunk.toString("latin1").split(breakAt).length - 1;
      if (proxy.drops > 0 || seen < occurrence) {
        downstream.write(chunk);
        return;
      }
      proxy.drops++;
      upstream.removeAllListeners("data").resume();
      downstream.write(chunk.subarray(0, chunk.length / 2), () => downstream.resetAndDestroy());
    });
  });

  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  proxy.url = `http://127.0.0.1:${listener.address().port}${target.pathname.replace(/\/$/, "")}`;
  return proxy;

  function close() {
    listener.close();
    for (const socket of sockets) socket.destroy();
  }
}
