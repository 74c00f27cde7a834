using System.Globalization;

namespace AgentProtocol.DevPostgres.Cluster;

/// <summary>The settings of a busy database that serves one local server; all of them exist from PostgreSQL 13 on.</summary>
internal static class ClusterSettings
{
    public static string Write(string? socketFolder, int port, bool fast)
    {
        var durable = fast ? "off" : "on";
        return string.Create(CultureInfo.InvariantCulture, $"""
            # Written anew at each start; settings of your own go into cluster/custom.conf.
            listen_addresses = '{(socketFolder is null ? "127.0.0.1" : "")}'
            port = {port}
            unix_socket_directories = '{Quote(socketFolder)}'
            unix_socket_permissions = 0700
            password_encryption = 'scram-sha-256'
            max_connections = 200

            fsync = {durable}
            synchronous_commit = {durable}
            full_page_writes = {durable}

            shared_buffers = 256MB
            max_wal_size = 2GB
            checkpoint_timeout = 10min
            checkpoint_completion_target = 0.9
            # Our statements are short; compiling them costs more than running them.
            jit = off
            # A client that hangs inside a transaction holds locks and keeps vacuum away.
            idle_in_transaction_session_timeout = '5min'
            timezone = 'UTC'

            # One file per weekday, emptied when its day comes round again.
            logging_collector = on
            log_directory = 'log'
            log_filename = 'postgresql-%a.log'
            log_rotation_age = 1d
            log_rotation_size = 0
            log_truncate_on_rotation = on
            log_timezone = 'UTC'
            # Neither statements nor details: they carry the data of users, and a busy day must not fill the disk.
            log_error_verbosity = terse
            log_min_error_statement = panic
            log_checkpoints = off

            """);
    }

    // A list of folders inside a string: quoted twice, because the temporary folder may have any name.
    private static string Quote(string? folder) => folder is null
        ? ""
        : $"\"{folder.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}\"";
}
