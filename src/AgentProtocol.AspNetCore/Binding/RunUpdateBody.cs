using System.Reflection;
using System.Text;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>The body of a request that tells a run something, kept as it was sent, with the key under which it may be repeated.</summary>
internal sealed record RunUpdateBody(NewRunUpdate Update) : IBindableFromHttpContext<RunUpdateBody>, IEndpointParameterMetadataProvider
{
    public static async ValueTask<RunUpdateBody?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        await BodyReader.ReadAsync(context, (RunUpdateCreate value, ReadOnlySpan<byte> json) => new RunUpdateBody(new NewRunUpdate(
            value, json.IsEmpty ? RawJson.EmptyObject : new RawJson(Encoding.UTF8.GetString(json)), RequestKeys.Read(context.Request, json))));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(BodyMetadata.For(typeof(RunUpdateCreate)));
}
