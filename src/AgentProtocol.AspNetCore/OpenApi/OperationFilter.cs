using AgentProtocol.AspNetCore.Binding;
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
        operation.Parameters = [.. PathParameters(context.ApiDescription), .. metadata.OfType<QueryParameter>().Select(ToParameter)];
        operation.RequestBody?.Content?.Remove(BodyMetadata.AnyType);
    }

    private static IEnumerable<IOpenApiParameter> PathParameters(ApiDescription description) =>
        (description.RelativePath ?? "").Split('/').Where(part => part is ['{', .., '}']).Select(part => new OpenApiParameter
        {
            Name = part[1..^1],
            In = ParameterLocation.Path,
            Required = true,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = part is "{agent_id}" or "{assistant_id}" or "{namespace}" ? null : "uuid" },
        });

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
