"""Exports as providers write them, made by hand from their documented columns (sources: `reconciling.layout`)."""

from __future__ import annotations

OPENAI_CSV = """\
start_time,end_time,start_time_iso,amount_value,amount_currency,line_item,project_id,project_name,organization_id
1793491200,1793577600,2026-11-01T00:00:00+00:00,1.25,usd,"gpt-4o-2024-08-06, input",proj_1,Main,org-1
1793491200,1793577600,2026-11-01T00:00:00+00:00,6e-05,usd,"gpt-4o-2024-08-06, cached input",proj_1,Main,org-1
1793577600,1793664000,2026-11-02T00:00:00+00:00,0.5000000001,usd,"gpt-4o-mini-2024-07-18, output",proj_1,Main,org-1
1793577600,1793664000,2026-11-02T00:00:00+00:00,0.01,usd,web search,proj_1,Main,org-1
1793577600,1793664000,2026-11-02T00:00:00+00:00,0.03,usd,"code interpreter sessions",proj_1,Main,org-1
"""
OPENAI_JSON = """\
{"object": "page", "data": [
 {"object": "bucket", "start_time": 1793491200, "end_time": 1793577600, "results": [
  {"object": "organization.costs.result", "amount": {"value": 0.06, "currency": "usd"}, "line_item": "gpt-4o, input",
   "project_id": null},
  {"object": "organization.costs.result", "amount": {"value": "1e-7", "currency": "usd"},
   "line_item": "gpt-4o, output", "project_id": null}]},
 {"object": "bucket", "start_time": 1793577600, "end_time": 1793664000, "results": []}
], "has_more": false, "next_page": null}
"""
ANTHROPIC_JSON = """\
{"data": [{"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-02T00:00:00Z", "results": [
 {"currency": "USD", "amount": "123.78912", "workspace_id": null,
  "description": "Claude Sonnet 4.5 Usage - Input Tokens",
  "cost_type": "tokens", "model": "claude-sonnet-4-5-20250929", "service_tier": "standard",
  "token_type": "uncached_input_tokens", "context_window": "0-200k"},
 {"currency": "USD", "amount": "20", "description": "Code Execution Usage", "cost_type": "code_execution",
  "model": null},
 {"currency": "USD", "amount": "1.0", "description": "Web Search Usage", "cost_type": "web_search", "model": null}]}],
 "has_more": false, "next_page": null}
"""
ANTHROPIC_CSV = """\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type
2026-11-01,Claude Haiku 4.5,Default,prod,message,≤ 200k,input_no_cache,0.05,0.05,token
2026-11-02,Claude Haiku 4.5,Default,prod,message,≤ 200k,output,0.10,0.10,token
"""
AWS_CSV = """\
identity/LineItemId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,\
lineItem/CurrencyCode,lineItem/UnblendedCost,product/ProductName
a1,Usage,2026-11-01T00:00:00Z,AmazonBedrock,USE1-Claude4.6Sonnet-input-tokens,USD,0.0690000000,Amazon Bedrock
a2,Usage,2026-11-01T01:00:00Z,AmazonBedrock,USE1-Claude4.6Sonnet-output-tokens-cross-region-global,USD,0.214,\
Amazon Bedrock
a3,Usage,2026-11-01T02:00:00Z,abc123,USE1-MP:USE1_MillionInputTokens-Units,USD,1.5,Claude Opus 4.5 (Amazon Bedrock \
Edition)
a4,Usage,2026-11-01T02:00:00Z,AmazonEC2,BoxUsage:m5.large,USD,99,Amazon Elastic Compute Cloud
a5,Tax,2026-11-01T00:00:00Z,AmazonBedrock,,USD,0.18,Amazon Bedrock
a6,Credit,2026-11-01T00:00:00Z,AmazonBedrock,USE1-Claude4.6Sonnet-input-tokens,USD,-0.05,Amazon Bedrock
"""
AZURE_CSV = """\
Date,MeterCategory,MeterName,ConsumedService,CostInBillingCurrency,BillingCurrencyCode,ChargeType
11/01/2026,Foundry Models,gpt 4o Inp glbl Tokens,Microsoft.CognitiveServices,0.75,USD,Usage
11/01/2026,Storage,LRS,Microsoft.Storage,3.00,USD,Usage
"""
