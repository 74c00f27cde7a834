using System.Reflection;
using System.Text.Json;
using AgentProtocol.Contracts.Runs;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AgentProtocol.AspNetCore.OpenApi;

/// <summary>Corrects what the generator cannot see in the types.</summary>
internal sealed class SchemaFilter : ISchemaFilter
{
    private readonly NullabilityInfoContext nullability = new();

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } members } open || context.MemberInfo is not null)
        {
            return;
        }

        // Unknown fields are ignored in requests, and clients have to expect new ones in answers.
        open.AdditionalPropertiesAllowed = true;
        foreach (var property in context.Type.GetProperties())
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            if (members.TryGetValue(name, out var member) && member is OpenApiSchema own
                && nullability.Create(property).ReadState == NullabilityState.NotNull)
            {
                own.Type &= ~JsonSchemaType.Null;
            }
        }

        if (typeof(RunCreate).IsAssignableFrom(context.Type) && members.TryGetValue("stream_mode", out var mode) && mode is OpenApiSchema modes)
        {
            modes.Type |= JsonSchemaType.String;
        }
    }
}
