using System.Runtime.ExceptionServices;
using Xunit;
using Xunit.Sdk;

namespace AgentProtocol.Testing.Postgres;

/// <summary>One database per test class: derive, name the template and how to prepare it, and use as <c>IClassFixture</c>.</summary>
/// <param name="template">The name of the template that the databases are cloned from.</param>
/// <param name="prepare">Prepares the template once per process, given its connection string.</param>
public abstract class PostgresFixture(string template, Func<string, Task> prepare) : IAsyncLifetime
{
    private TestDatabase? _database;
    private ExceptionDispatchInfo? _skip;

    /// <summary>Connects to the database of this test class; skips the test that asks where there can be none.</summary>
    public string ConnectionString
    {
        get
        {
            _skip?.Throw();
            return _database?.ConnectionString ?? throw new InvalidOperationException("The fixture is not initialised.");
        }
    }

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        try
        {
            _database = await TestDatabase.CreateAsync(template, prepare);
        }
        catch (SkipException skip)
        {
            // In a fixture xunit counts a skip as a failure; the tests themselves may skip.
            _skip = ExceptionDispatchInfo.Capture(skip);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}
