select date, sum(quantity) as quantity, sum(value) as value from {{ ref('trades_with_value') }} group by date
