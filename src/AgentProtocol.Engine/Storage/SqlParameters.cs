using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Typed positional parameters: a statement's <c>$1</c> is the first one added.</summary>
internal static class SqlParameters
{
    public static NpgsqlCommand With<T>(this NpgsqlCommand command, T value, NpgsqlDbType type)
    {
        command.Parameters.Add(value is null
            ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type }
            : new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return command;
    }

    public static NpgsqlCommand With(this NpgsqlCommand command, Guid value) => command.With(value, NpgsqlDbType.Uuid);

    public static NpgsqlCommand With(this NpgsqlCommand command, string? value) => command.With(value, NpgsqlDbType.Text);

    public static NpgsqlCommand With(this NpgsqlCommand command, int value) => command.With(value, NpgsqlDbType.Integer);

    public static NpgsqlCommand With(this NpgsqlCommand command, long value) => command.With(value, NpgsqlDbType.Bigint);

    public static NpgsqlCommand With(this NpgsqlCommand command, bool value) => command.With(value, NpgsqlDbType.Boolean);

    public static NpgsqlCommand With(this NpgsqlCommand command, DateTime value) => command.With(value, NpgsqlDbType.TimestampTz);

    public static NpgsqlCommand With(this NpgsqlCommand command, TimeSpan value) => command.With(value, NpgsqlDbType.Interval);

    /// <summary>One column of a multi-row statement.</summary>
    public static NpgsqlCommand WithColumn<TItem, T>(
        this NpgsqlCommand command, IReadOnlyList<TItem> items, NpgsqlDbType type, Func<TItem, T> value)
    {
        var column = new T[items.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(items[i]);
        }

        command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = column, NpgsqlDbType = NpgsqlDbType.Array | type });
        return command;
    }

    public static T? GetNullable<T>(this NpgsqlDataReader reader, int ordinal) where T : struct =>
        reader.IsDBNull(ordinal) ? null : reader.GetFieldValue<T>(ordinal);

    public static string? GetText(this NpgsqlDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);
}
