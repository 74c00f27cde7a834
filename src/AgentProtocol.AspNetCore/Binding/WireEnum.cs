using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Enums by their wire texts, for the places that are not JSON.</summary>
internal static class WireEnum
{
    public static IEnumerable<string> Texts(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(Text);

    public static bool TryParse<T>(string text, out T value)
        where T : struct, Enum => Values<T>.ByText.TryGetValue(text, out value);

    private static string Text(FieldInfo field) =>
        field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name;

    private static class Values<T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<string, T> ByText = typeof(T).GetFields(BindingFlags.Public | BindingFlags.Static)
            .ToFrozenDictionary(Text, field => (T)field.GetValue(null)!, StringComparer.Ordinal);
    }
}
