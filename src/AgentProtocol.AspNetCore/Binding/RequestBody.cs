using System.Reflection;
using AgentProtocol.Contracts.Crons;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>The body of a request, bound by the rules of wire-contract 1.1. An absent body is one without fields.</summary>
internal sealed record RequestBody<T>(T Value) : IBindableFromHttpContext<RequestBody<T>>, IEndpointParameterMetadataProvider
    where T : class, new()
{
    public static async ValueTask<RequestBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(await BodyReader.ReadAsync(context, static (T value, ReadOnlySpan<byte> _) => value));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(BodyMetadata.For(typeof(T)));
}

/// <summary>The body of a request that may be repeated under a key.</summary>
internal sealed record KeyedBody<T>(T Value, IdempotencyKey? Key) : IBindableFromHttpContext<KeyedBody<T>>, IEndpointParameterMetadataProvider
    where T : class, new()
{
    public static async ValueTask<KeyedBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        await BodyReader.ReadAsync(context, (T value, ReadOnlySpan<byte> json) =>
            new KeyedBody<T>(value, RequestKeys.Read(context.Request, json)));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(BodyMetadata.For(typeof(T)));
}

/// <summary>The body of a request about a cron, kept as it was sent, with what the request's headers configure for its runs.</summary>
internal sealed record CronBody<T>(T Request, RawJson Text) : IBindableFromHttpContext<CronBody<T>>, IEndpointParameterMetadataProvider
    where T : CronPatch, new()
{
    public static async ValueTask<CronBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var headers = ConfigurableHeaders.Of(context);
        var body = await BodyReader.ReadAsync(context, static (T value, ReadOnlySpan<byte> json) =>
            new CronBody<T>(value, json.IsEmpty ? RawJson.EmptyObject : new RawJson(System.Text.Encoding.UTF8.GetString(json))));
        CronRules.Check(body.Request);
        if (body.Request is not CronCreate && body.Request.Config is null)
        {
            // A patch replaces the whole configuration, so one that leaves it alone must not get another.
            return body;
        }

        var (request, text) = headers.AddTo(body.Request, body.Text);
        return new CronBody<T>(request, text);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(BodyMetadata.For(typeof(T)));
}

/// <summary>The body of a request that creates a run: checked, and kept as it was sent.</summary>
internal sealed record RunBody(RunCreate Request, RawJson Text) : IBindableFromHttpContext<RunBody>, IEndpointParameterMetadataProvider
{
    public static async ValueTask<RunBody?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var headers = ConfigurableHeaders.Of(context);
        return await BodyReader.ReadAsync(context, (RunCreate value, ReadOnlySpan<byte> json) => Finish(value, json, headers));
    }

    /// <summary>Checks a parsed body and adds what the request's headers configure.</summary>
    public static RunBody Finish(RunCreate value, ReadOnlySpan<byte> json, ConfigurableHeaders headers)
    {
        RunCreateRules.Check(value);
        var (request, text) = headers.AddTo(value, json.IsEmpty ? RawJson.EmptyObject : new RawJson(System.Text.Encoding.UTF8.GetString(json)));
        return new RunBody(request, text);
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(BodyMetadata.For(typeof(RunCreate)));
}

/// <summary>The body of a request that creates several runs, each as <see cref="RunBody"/>.</summary>
internal sealed record RunBatchBody(IReadOnlyList<RunBody> Runs) : IBindableFromHttpContext<RunBatchBody>, IEndpointParameterMetadataProvider
{
    public static async ValueTask<RunBatchBody?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var headers = ConfigurableHeaders.Of(context);
        return new(await BodyReader.ReadListAsync(
            context, Limits.MaxLimit, (RunCreate value, ReadOnlySpan<byte> json) => RunBody.Finish(value, json, headers)));
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(BodyMetadata.For(typeof(IReadOnlyList<RunCreate>)));
}
