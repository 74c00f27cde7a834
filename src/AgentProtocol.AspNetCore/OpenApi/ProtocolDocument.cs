using System.Text.Json;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>
/// The OpenAPI document of our endpoints. The generator lives in a container of its own: in the host's it would impose
/// our snake case and our filters on the host's documents, and the host's on ours.
/// </summary>
internal sealed class ProtocolDocument(IApiDescriptionGroupCollectionProvider endpoints, IWebHostEnvironment environment) : IDisposable
{
    private const string Name = "agent-protocol";
    private const string KeyHeader = "key";
    private const string Bearer = "bearer";

    private readonly ServiceProvider services = new ServiceCollection()
        .AddLogging()
        .AddSingleton(endpoints)
        .AddSingleton(environment)
        .AddSingleton<ISerializerDataContractResolver>(new JsonSerializerDataContractResolver(ProtocolJsonContext.Default.Options))
        .AddSwaggerGen(Configure)
        .BuildServiceProvider();

    /// <summary>The document of a server that is mounted under a path.</summary>
    public async Task<string> WriteAsync(string? basePath, CancellationToken cancellationToken)
    {
        var document = await services.GetRequiredService<IAsyncSwaggerProvider>().GetSwaggerAsync(Name, host: null, basePath);
        return await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken);
    }

    public void Dispose() => services.Dispose();

    /// <summary>What an operation takes for credentials; nothing at all, where the server asks for none.</summary>
    public static IEnumerable<OpenApiSecurityRequirement> Credentials(OpenApiDocument document) =>
        [new() { [new(KeyHeader, document)] = [] }, new() { [new(Bearer, document)] = [] }, []];

    private static void Configure(SwaggerGenOptions options)
    {
        options.SwaggerDoc(Name, new OpenApiInfo
        {
            Title = "Agent Protocol Server",
            Version = typeof(ProtocolDocument).Assembly.GetName().Version?.ToString(3) ?? "0",
            Description = "Start, check, steer, cancel and list the runs of agents.",
        });
        options.DocInclusionPredicate((_, description) =>
            description.ActionDescriptor.EndpointMetadata.OfType<ProtocolEndpoint>().Any());
        options.AddSecurityDefinition(KeyHeader, new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "x-api-key" });
        options.AddSecurityDefinition(Bearer, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" });
        options.SupportNonNullableReferenceTypes();
        options.MapType<RawJson>(FreeForm);
        options.MapType<RawJson?>(FreeForm);
        options.MapType<JsonElement>(FreeForm);
        options.MapType<JsonElement?>(FreeForm);
        options.OperationFilter<OperationFilter>();
        options.SchemaFilter<SchemaFilter>();
        if (WireTexts.Read() is { } texts)
        {
            options.IncludeXmlComments(() => texts);
        }
    }

    private static OpenApiSchema FreeForm() => new() { Description = "Any JSON; it is kept as it was sent." };
}
