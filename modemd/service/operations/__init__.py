"""Operations: alarms and the checks that raise them, health, watchdog, retention, the wall clock."""
