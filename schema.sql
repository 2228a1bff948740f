-- The shared tables of a guild's tracker. This file is the one place where the schema is changed;
-- `tracker-tui init` adds to a database what stands here and is missing there, and never drops or
-- rewrites anything. All are rowid tables: rowid is the order of commit.

CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    discord_id TEXT NOT NULL,
    username TEXT NOT NULL,
    avatar TEXT,
    custom_nickname TEXT,
    created_at INTEGER NOT NULL,
    last_login INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS users_discord_id_unique ON users (discord_id);

CREATE TABLE IF NOT EXISTS user_sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    roles TEXT NOT NULL,
    is_in_guild INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS user_sessions_user_id ON user_sessions (user_id);

CREATE TABLE IF NOT EXISTS resources (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    quantity_hagga INTEGER NOT NULL DEFAULT 0,
    quantity_deep_desert INTEGER NOT NULL DEFAULT 0,
    description TEXT,
    category TEXT,
    icon TEXT,
    image_url TEXT,
    status TEXT,
    target_quantity INTEGER,
    multiplier REAL NOT NULL DEFAULT 1.0,
    is_priority INTEGER NOT NULL DEFAULT 0,
    last_updated_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS resources_updated_at ON resources (updated_at);

CREATE TABLE IF NOT EXISTS resource_history (
    id TEXT PRIMARY KEY,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    previous_quantity_hagga INTEGER NOT NULL,
    new_quantity_hagga INTEGER NOT NULL,
    change_amount_hagga INTEGER NOT NULL,
    previous_quantity_deep_desert INTEGER NOT NULL,
    new_quantity_deep_desert INTEGER NOT NULL,
    change_amount_deep_desert INTEGER NOT NULL,
    change_type TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    reason TEXT,
    created_at INTEGER NOT NULL,
    transfer_amount INTEGER,
    transfer_direction TEXT
);
CREATE INDEX IF NOT EXISTS resource_history_created_at ON resource_history (created_at);
CREATE INDEX IF NOT EXISTS resource_history_resource_id_created_at
    ON resource_history (resource_id, created_at);
CREATE INDEX IF NOT EXISTS resource_history_updated_by_created_at
    ON resource_history (updated_by, created_at);

CREATE TABLE IF NOT EXISTS leaderboard (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    action_type TEXT NOT NULL,
    quantity_changed INTEGER NOT NULL,
    base_points REAL NOT NULL,
    resource_multiplier REAL NOT NULL,
    status_bonus REAL NOT NULL,
    final_points REAL NOT NULL,
    resource_name TEXT NOT NULL,
    resource_category TEXT NOT NULL,
    resource_status TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS leaderboard_resource_id ON leaderboard (resource_id);
CREATE INDEX IF NOT EXISTS leaderboard_created_at_user_id_final_points
    ON leaderboard (created_at, user_id, final_points);
CREATE INDEX IF NOT EXISTS leaderboard_user_id_created_at_final_points
    ON leaderboard (user_id, created_at, final_points);
