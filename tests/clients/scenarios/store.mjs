// The long-term store through the LangGraph SDK and through plain HTTP (wire contract 9).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { scenario } from "./support/scenario.mjs";
import { client, refused, send } from "./support/server.mjs";

const { store } = client;

/** A namespace that no other check has. */
function fresh(...labels) {
  return [randomUUID(), ...labels];
}

/** Items of one namespace, oldest first. */
async function putAll(namespace, values) {
  for (const [key, value] of Object.entries(values)) await store.putItem(namespace, key, value);
}

async function keysOf(namespace, options) {
  return (await store.searchItems(namespace, options)).items.map((item) => item.key);
}

await scenario("store", {
  "an item that was put is read with its value and its times": async () => {
    const namespace = fresh("memories");
    const value = { text: "likes tea", nested: { camelCase: null, list: [1, 1.5, "x"] } };
    assert.equal(await store.putItem(namespace, "tea", value), undefined);
    const item = await store.getItem(namespace, "tea");
    assert.deepEqual([item.namespace, item.key, item.value], [namespace, "tea", value]);
    assert.ok(Math.abs(Date.parse(item.createdAt) - Date.now()) < 3_600_000);
    assert.equal(item.updatedAt, item.createdAt);
  },

  "a missing item is null": async () => {
    assert.equal(await store.getItem(fresh("a", "b"), "nothing"), null);
  },

  "a second put replaces the value, moves updatedAt visibly and leaves createdAt": async () => {
    const namespace = fresh();
    await store.putItem(namespace, "k", { score: 1, gone: true });
    const first = await store.getItem(namespace, "k");
    await store.putItem(namespace, "k", { score: 2 });
    const second = await store.getItem(namespace, "k");
    assert.deepEqual(second.value, { score: 2 });
    assert.equal(second.createdAt, first.createdAt);
    assert.ok(Date.parse(second.updatedAt) > Date.parse(first.updatedAt));
  },

  "a deleted item is null, and deleting it again is no error": async () => {
    const namespace = fresh();
    await store.putItem(namespace, "k", { a: 1 });
    assert.equal(await store.deleteItem(namespace, "k"), undefined);
    assert.equal(await store.getItem(namespace, "k"), null);
    assert.equal(await store.deleteItem(namespace, "k"), undefined);
    assert.deepEqual(await keysOf(namespace), []);
  },

  "a search finds items below its prefix, the latest first, page by page": async () => {
    const [root] = fresh();
    await store.putItem([root, "a"], "1", { n: 1 });
    await store.putItem([root, "a", "deep"], "2", { n: 2 });
    await store.putItem([root, "b"], "3", { n: 3 });
    assert.deepEqual(await keysOf([root]), ["3", "2", "1"]);
    assert.deepEqual(await keysOf([root, "a"]), ["2", "1"]);
    assert.deepEqual(await keysOf([root], { limit: 1, offset: 1 }), ["2"]);
    assert.deepEqual(await keysOf([root, "c"]), []);
  },

  "a found item has the members of a read one and no score": async () => {
    const namespace = fresh();
    await store.putItem(namespace, "k", { a: 1 });
    const { items } = await store.searchItems(namespace, { query: "anything" });
    assert.deepEqual(items, [await store.getItem(namespace, "k")]);
  },

  "filters compare by value and by operators": async () => {
    const namespace = fresh();
    await putAll(namespace, {
      low: { score: 1, tag: "x" },
      middle: { score: 10, tag: "y" },
      high: { score: 100, tag: "x" },
      none: { tag: "z" },
    });
    const found = async (filter) => (await keysOf(namespace, { filter })).sort();
    assert.deepEqual(await found({ tag: "x" }), ["high", "low"]);
    assert.deepEqual(await found({ tag: "x", score: 1 }), ["low"]);
    assert.deepEqual(await found({ score: { $eq: 10 } }), ["middle"]);
    assert.deepEqual(await found({ score: { $ne: 10 } }), ["high", "low", "none"]);
    assert.deepEqual(await found({ score: { $gt: 9 } }), ["high", "middle"]);
    assert.deepEqual(await found({ score: { $gte: 10, $lt: 100 } }), ["middle"]);
    assert.deepEqual(await found({ score: { $lte: 1 } }), ["low"]);
    assert.deepEqual(await found({ tag: { $in: ["y", "z"] } }), ["middle", "none"]);
    assert.deepEqual(await found({ tag: { $nin: ["y", "z"] } }), ["high", "low"]);
    await refused(422, () => found({ tag: { $like: "x" } }), "$like");
  },

  "namespaces are listed by prefix, suffix and depth": async () => {
    const [root] = fresh();
    for (const rest of [["docs", "a", "v1"], ["docs", "b", "v2"], ["users", "a", "v1"]]) {
      await store.putItem([root, ...rest], "k", { a: 1 });
    }
    const listed = async (options) => (await store.listNamespaces(options)).namespaces.map((labels) => labels.slice(1).join("/"));
    assert.deepEqual(await listed({ prefix: [root] }), ["docs/a/v1", "docs/b/v2", "users/a/v1"]);
    assert.deepEqual(await listed({ prefix: [root, "docs"] }), ["docs/a/v1", "docs/b/v2"]);
    assert.deepEqual(await listed({ prefix: [root, "*", "a"] }), ["docs/a/v1", "users/a/v1"]);
    assert.deepEqual(await listed({ prefix: [root], suffix: ["v1"] }), ["docs/a/v1", "users/a/v1"]);
    assert.deepEqual(await listed({ prefix: [root], maxDepth: 2 }), ["docs", "users"]);
    assert.deepEqual(await listed({ prefix: [root], limit: 1, offset: 1 }), ["docs/b/v2"]);
  },

  "time to live, its refresh and index hints are taken": async () => {
    const namespace = fresh();
    await store.putItem(namespace, "k", { a: 1 }, { ttl: 0.5, index: false });
    await store.putItem(namespace, "k", { a: 2 }, { ttl: 60, index: ["a", "b[*].c"] });
    await store.putItem(namespace, "k", { a: 3 }, { ttl: null, index: null });
    assert.deepEqual((await store.getItem(namespace, "k", { refreshTtl: true })).value, { a: 3 });
    assert.deepEqual((await store.getItem(namespace, "k", { refreshTtl: false })).value, { a: 3 });
    assert.deepEqual(await keysOf(namespace, { refreshTtl: true }), ["k"]);
    await refused(422, () => store.putItem(namespace, "k", { a: 1 }, { ttl: 0 }), "ttl");
  },

  "names that are none are refused": async () => {
    await refused(422, () => store.putItem([], "k", { a: 1 }));
    await refused(422, () => store.putItem([""], "k", { a: 1 }));
    await refused(422, () => store.putItem(["langgraph"], "k", { a: 1 }));
    await refused(422, () => store.putItem(fresh(), "", { a: 1 }));
    await refused(422, () => store.putItem(fresh(), "k", "no object"));
    assert.equal((await send("GET", "/store/items?namespace=a")).status, 400);
  },

  "a plain client stores, reads and deletes with 204, 200 and 204": async () => {
    const [root] = fresh();
    const put = await send("PUT", "/store/items", { namespace: [root, "profile"], key: "name", value: { first: "Ann" } });
    const got = await send("GET", `/store/items?namespace=${root}&namespace=profile&key=name`);
    const deleted = await send("DELETE", "/store/items", { namespace: [root, "profile"], key: "name" });
    assert.deepEqual([put.status, got.status, deleted.status], [204, 200, 204]);
    assert.deepEqual(got.body.value, { first: "Ann" });
    assert.deepEqual(Object.keys(got.body), ["namespace", "key", "value", "created_at", "updated_at"]);
  },
});
