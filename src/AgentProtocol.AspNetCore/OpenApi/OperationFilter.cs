using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Engine;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>Adds to each operation what our own binding hides from the generator: path, query and body.</summary>
internal sealed class OperationFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        operation.OperationId = metadata.OfType<OperationId>().LastOrDefault()?.Value;
        operation.Parameters = [.. PathParameters(context.ApiDescription), .. metadata.OfType<QueryParameter>().Select(ToParameter),
            .. metadata.OfType<TakesIdempotencyKey>().Select(_ => KeyParameter())];
        operation.RequestBody?.Content?.Remove(BodyMetadata.AnyType);
        if (AccessConventions.ScopeOf(metadata) is { } scope)
        {
            operation.Description = $"Where the server wants credentials, they need the scope `{scope}`.";
            operation.Security = [.. ProtocolDocument.Credentials(context.Document)];
        }
    }

    private static IEnumerable<IOpenApiParameter> PathParameters(ApiDescription description) =>
        (description.RelativePath ?? "").Split('/').Where(part => part is ['{', .., '}']).Select(part => new OpenApiParameter
        {
            Name = part[1..^1],
            In = ParameterLocation.Path,
            Required = true,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = part is "{agent_id}" or "{assistant_id}" or "{namespace}" ? null : "uuid" },
        });

    private static OpenApiParameter KeyParameter() => new()
    {
        Name = IdempotencyKey.Header,
        In = ParameterLocation.Header,
        Description = "A name for this request, 1 to 255 visible characters. The same request with the same name creates nothing anew.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
    };

    private static OpenApiParameter ToParameter(QueryParameter query) => new()
    {
        Name = query.Name,
        In = ParameterLocation.Query,
        Description = query.Description,
        Schema = query.Type switch
        {
            "boolean" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            "integer" => new OpenApiSchema { Type = JsonSchemaType.Integer },
            "array" => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            _ => new OpenApiSchema { Type = JsonSchemaType.String },
        },
    };
}
