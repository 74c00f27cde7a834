using System.Text.Json.Serialization;

namespace AgentProtocol.Contracts.Json;

/// <summary>Writes and reads an enum by its wire texts only: a number is not another spelling of a status.</summary>
public sealed class WireEnumConverter<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;
