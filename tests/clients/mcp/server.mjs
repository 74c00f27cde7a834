// A server of the Model Context Protocol, as packages on npm are: over standard input and output, or, with the argument
// "http", over streamable HTTP on a free port whose URL is its first line.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const text = (value) => ({ content: [{ type: "text", text: String(value) }] });

function create() {
  const server = new McpServer({ name: "test", version: "1.0.0" });
  server.registerTool(
    "add", { description: "Adds two numbers", inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => text(a + b));
  server.registerTool(
    "environment", { description: "Reads a variable", inputSchema: { name: z.string() } }, ({ name }) => text(process.env[name] ?? "(not set)"));
  server.registerTool(
    "header", { description: "Reads a header", inputSchema: { name: z.string() } },
    ({ name }, extra) => text(extra.requestInfo?.headers[name] ?? "(not sent)"));
  server.registerTool("fail", { description: "Fails" }, () => { throw new Error("Out of order."); });
  server.registerTool("exit", { description: "Dies" }, () => process.exit(1));
  return server;
}

async function serveHttp() {
  const sessions = new Map();
  const http = createServer(async (request, response) => {
    let transport = sessions.get(request.headers["mcp-session-id"]);
    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await create().connect(transport);
    }

    await transport.handleRequest(request, response);
  });
  http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}/mcp`));
}

await (process.argv[2] === "http" ? serveHttp() : create().connect(new StdioServerTransport()));
