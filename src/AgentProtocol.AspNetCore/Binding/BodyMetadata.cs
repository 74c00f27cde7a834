using Microsoft.AspNetCore.Http.Metadata;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Tells the OpenAPI document what a body is.</summary>
internal static class BodyMetadata
{
    /// <summary>
    /// Stands for "any type" in routing, which would otherwise answer 415 for the missing and <c>text/plain</c> types
    /// that wire-contract 1.1 accepts; <see cref="JsonContentType"/> is what decides.
    /// </summary>
    public const string AnyType = "*/*";

    public static AcceptsMetadata For(Type type) => new(["application/json", AnyType], type, isOptional: true);
}
