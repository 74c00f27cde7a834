using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.AspNetCore.OpenApi;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine;
using AgentProtocol.Engine.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>The long-term store (wire-contract 9).</summary>
internal static class StoreEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var store = routes.MapGroup("/store").WithTags("Store").Reads();
        store.MapPut("/items", PutAsync).Runs().Describe("put_item", "Store an item, or replace the one of that name").Answers(204);
        store.MapGet("/items", GetAsync).Describe("get_item", "Read an item")
            .Query("key", "string", "The item's key.")
            .Query("namespace", "array", "The item's namespace: one label in each, or all of them joined by dots.")
            .Query("refresh_ttl", "boolean", "Whether its time to live starts anew; the server's default when absent.")
            .Answers<Item>().Refuses(400, 404);
        store.MapDelete("/items", DeleteAsync).Runs().Describe("delete_item", "Delete an item, if there is one").Answers(204);
        store.MapPost("/items/search", SearchAsync)
            .Describe("search_items", "Find items in and below a namespace, the latest stored first").Answers<SearchItemsResponse>();
        store.MapPost("/namespaces", ListNamespacesAsync)
            .Describe("list_namespaces", "List the namespaces that hold items").Answers<ListNamespaceResponse>();
    }

    private static async Task<IResult> PutAsync(RequestBody<StorePutRequest> body, StoreService store, HttpContext context)
    {
        await store.PutAsync(context.Owner(), body.Value, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> GetAsync(StoreService store, IOptions<StoreOptions> options, HttpContext context)
    {
        var (labels, key) = (StoreRules.ReadNamespace(context.Request), StoreRules.ReadKey(context.Request));
        var item = await store.GetAsync(context.Owner(), labels, key, StoreRules.ReadRefresh(context.Request), context.RequestAborted);
        if (item is not null)
        {
            return JsonResult.Ok(item, ProtocolJsonContext.Default.Item);
        }

        // Wire-contract 12 row 3: the SDKs take null for an answer, and throw on 404.
        return options.Value.MissingItem == "NotFound"
            ? throw new ProtocolException(ErrorCode.NotFound, $"Item \"{key}\" not found in namespace {string.Join('.', labels)}")
            : JsonResult.Ok(default, ProtocolJsonContext.Default.RawJson);
    }

    private static async Task<IResult> DeleteAsync(RequestBody<StoreDeleteRequest> body, StoreService store, HttpContext context)
    {
        await store.DeleteAsync(context.Owner(), StoreRules.ReadDelete(body.Value, context.Request), context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> SearchAsync(RequestBody<StoreSearchRequest> body, StoreService store, HttpContext context)
    {
        var page = await store.SearchAsync(context.Owner(), body.Value, context.RequestAborted);
        context.Response.SetPage(page.Total, body.Value.Offset ?? 0, page.Items.Count);
        return JsonResult.Ok(new SearchItemsResponse(page.Items), ProtocolJsonContext.Default.SearchItemsResponse);
    }

    private static async Task<IResult> ListNamespacesAsync(
        RequestBody<StoreListNamespacesRequest> body, StoreService store, HttpContext context)
    {
        var namespaces = await store.ListNamespacesAsync(context.Owner(), body.Value, context.RequestAborted);
        return JsonResult.Ok(new ListNamespaceResponse(namespaces), ProtocolJsonContext.Default.ListNamespaceResponse);
    }
}
